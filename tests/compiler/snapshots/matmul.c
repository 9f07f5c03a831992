int matmul(void **arrays, int64_t batch) {
  float *const x_1 = arrays[0];
  float *const w_2 = arrays[1];
  float *const y_3 = arrays[2];
  {
    for (int64_t n_4 = 0; n_4 < batch; n_4++) {
      for (int64_t o_5 = 0; o_5 < 2; o_5++) {
        float t_6 = 0.0f;
        for (int64_t i_7 = 0; i_7 < 3; i_7++) {
          float t_8 = x_1[n_4 * 3 + i_7];
          float t_9 = w_2[i_7 * 2 + o_5];
          float t_10 = (t_8 * t_9);
          float t_11 = (t_6 + t_10);
          t_6 = t_11;
        }
        y_3[n_4 * 2 + o_5] = t_6;
      }
    }
  }
  return 0;
}
