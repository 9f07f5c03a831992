int sigmoid(void **arrays, int64_t batch) {
  float *const x_1 = arrays[0];
  float *const y_2 = arrays[1];
  {
    for (int64_t a0_3 = 0; a0_3 < batch; a0_3++) {
      for (int64_t a1_4 = 0; a1_4 < 3; a1_4++) {
        float t_5 = x_1[a0_3 * 3 + a1_4];
        float t_6 = (-t_5);
        float t_7 = expf(t_6);
        float t_8 = (1.0f + t_7);
        float t_9 = (1.0f / t_8);
        y_2[a0_3 * 3 + a1_4] = t_9;
      }
    }
  }
  return 0;
}
