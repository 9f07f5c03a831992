"""What a computation is: tensors as nodes, the operations they apply, and the loop nests these stand for."""
