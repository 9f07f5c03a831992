int strided_gradient(void **arrays, int64_t batch) {
  float *const sumx_1 = arrays[0];
  float *const w_2 = arrays[1];
  float *const y_3 = arrays[2];
  {
    for (int64_t n_4 = 0; n_4 < 1; n_4++) {
      for (int64_t o1_5 = 0; o1_5 < 6; o1_5++) {
        for (int64_t c_6 = 0; c_6 < 1; c_6++) {
          float t_7 = 0.0f;
          for (int64_t p_8 = 0; p_8 < 2; p_8++) {
            for (int64_t o_9 = 0; o_9 < 1; o_9++) {
              float t_10 = 0;
              if (inside(o1_5 - 1 * p_8, 5)) {
                float t_11 = sumx_1[(n_4 * 5 + o1_5 - 1 * p_8) * 1 + o_9];
                if (!inside(2 * p_8, 3)) return 2;
                float t_12 = w_2[((2 * p_8) * 1 + c_6) * 1 + o_9];
                float t_13 = (t_11 * t_12);
                t_10 = t_13;
              }
              float t_14 = (t_7 + t_10);
              t_7 = t_14;
            }
          }
          if (!inside(2 * o1_5, 11)) return 3;
          y_3[(n_4 * 11 + 2 * o1_5) * 1 + c_6] = t_7;
        }
      }
    }
  }
  {
    for (int64_t n_15 = 0; n_15 < 1; n_15++) {
      for (int64_t o1_16 = 0; o1_16 < 5; o1_16++) {
        for (int64_t c_17 = 0; c_17 < 1; c_17++) {
          float t_18 = 0.0f;
          for (int64_t p_19 = 0; p_19 < 1; p_19++) {
            for (int64_t o_20 = 0; o_20 < 1; o_20++) {
              if (!inside(o1_16 - 1 * p_19, 5)) return 1;
              float t_21 = sumx_1[(n_15 * 5 + o1_16 - 1 * p_19) * 1 + o_20];
              if (!inside(2 * p_19 + 1, 3)) return 2;
              float t_22 = w_2[((2 * p_19 + 1) * 1 + c_17) * 1 + o_20];
              float t_23 = (t_21 * t_22);
              float t_24 = (t_18 + t_23);
              t_18 = t_24;
            }
          }
          if (!inside(2 * o1_16 + 1, 11)) return 3;
          y_3[(n_15 * 11 + 2 * o1_16 + 1) * 1 + c_17] = t_18;
        }
      }
    }
  }
  return 0;
}
