"""The kinds of operation. Each turns one declaration into shape rule, reference evaluation, derivatives and loop nests.

elementwise   a scalar formula applied everywhere, and its partial derivatives
indexed       an index formula, linear in each factor
composite     a named body of other operations
conversion    operands made ready: numbers become tensors, mixed types one

A custom operation implements `graph.operation.Primitive` itself.
"""
