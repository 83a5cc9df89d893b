/* Holds the C ABI over FAISS to its header, in C: no exception leaves it, whatever it is given. */
#include "../umem_faiss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: %s does not hold (last error: %s)\n", __FILE__, __LINE__, #condition,                   \
              umem_faiss_error());                                                                                     \
      failures++;                                                                                                      \
    }                                                                                                                  \
  } while (0)

enum { DIMENSION = 24, ROWS = 300, QUERIES = 30, K = 7 };

static float rows[ROWS * DIMENSION];
static float queries[QUERIES * DIMENSION];
static int64_t ids[ROWS];

static void fill(float *values, int count) {
  static uint32_t state = 12345;
  for (int i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    values[i] = (float)(state >> 8) / (1 << 24) - 0.5f;
  }
}

static double dot(const float *a, const float *b) {
  double sum = 0;
  for (int i = 0; i < DIMENSION; i++) {
    sum += (double)a[i] * b[i];
  }
  return sum;
}

/* Every result is better than, or as good as, every row that is not among the results. */
static void finds_the_best(const umem_faiss_index *index, int64_t n) {
  float scores[QUERIES * K];
  int64_t found[QUERIES * K];
  CHECK(umem_faiss_search(index, n, queries, K, scores, found) == UMEM_FAISS_OK);
  for (int64_t q = 0; q < n; q++) {
    for (int i = 0; i < K; i++) {
      int64_t row = found[q * K + i] - 1000;
      CHECK(row >= 0 && row < ROWS);
      CHECK(fabs(dot(rows + row * DIMENSION, queries + q * DIMENSION) - scores[q * K + i]) < 1e-5);
      CHECK(i == 0 || scores[q * K + i] <= scores[q * K + i - 1]);
    }
    int better = 0;
    for (int row = 0; row < ROWS; row++) {
      better += dot(rows + row * DIMENSION, queries + q * DIMENSION) > scores[q * K + K - 1] + 1e-5;
    }
    CHECK(better < K);
  }
}

static void searches_and_saves(const char *path) {
  umem_faiss_index *index = NULL;
  int32_t number = -1;
  int64_t size = -1;
  float row[DIMENSION];
  CHECK(umem_faiss_flat(DIMENSION, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_trained(index, &number) == UMEM_FAISS_OK && number == 1);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, 0, NULL, NULL) == UMEM_FAISS_OK);
  CHECK(umem_faiss_size(index, &size) == UMEM_FAISS_OK && size == ROWS);
  CHECK(umem_faiss_contains(index, 1000, &number) == UMEM_FAISS_OK && number == 1);
  CHECK(umem_faiss_contains(index, 7, &number) == UMEM_FAISS_OK && number == 0);
  finds_the_best(index, 1);
  finds_the_best(index, QUERIES);
  CHECK(umem_faiss_write(index, path) == UMEM_FAISS_OK);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);

  CHECK(umem_faiss_read(path, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_dimension(index, &number) == UMEM_FAISS_OK && number == DIMENSION);
  CHECK(umem_faiss_reconstruct(index, 1007, row) == UMEM_FAISS_OK);
  CHECK(memcmp(row, rows + 7 * DIMENSION, sizeof row) == 0);
  finds_the_best(index, QUERIES);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  CHECK(remove(path) == 0);
}

static void pads_with_minus_one(void) {
  umem_faiss_index *index = NULL;
  float scores[3];
  int64_t found[3];
  CHECK(umem_faiss_flat(DIMENSION, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, 1, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_search(index, 1, queries, 3, scores, found) == UMEM_FAISS_OK);
  CHECK(found[0] == 1000 && found[1] == -1 && found[2] == -1);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

static void refuses_bad_arguments(void) {
  umem_faiss_index *index = NULL;
  umem_faiss_index *none = NULL;
  int64_t negative = -1;
  int64_t size;
  int32_t number;
  float row[DIMENSION];
  int64_t found[1];
  CHECK(umem_faiss_flat(0, &none) == UMEM_FAISS_ARGUMENT);
  CHECK(strcmp(umem_faiss_error(), "the dimension is below 1") == 0);
  CHECK(umem_faiss_flat(4, NULL) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_create(4, "Nonsense", UMEM_FAISS_L2, &none) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_create(4, "Flat", 17, &none) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_create(4, NULL, UMEM_FAISS_L2, &none) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_read("/nowhere/at/all", &none) == UMEM_FAISS_REFUSED);
  CHECK(none == NULL);
  CHECK(umem_faiss_set_threads(0) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_free(NULL) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_size(NULL, &size) == UMEM_FAISS_ARGUMENT);

  CHECK(umem_faiss_flat(DIMENSION, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_size(index, NULL) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_add(index, -1, rows, ids) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_add(index, 1, NULL, ids) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_add(index, 1, rows, NULL) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_add(index, 1, rows, &negative) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_search(index, 1, queries, 0, row, found) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_search(index, 1, queries, 1, NULL, found) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_search(index, 2, queries, INT64_MAX / 4, row, found) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_reconstruct(index, 5, row) == UMEM_FAISS_REFUSED);
  CHECK(strstr(umem_faiss_error(), "5 ") != NULL);
  CHECK(umem_faiss_write(index, "/nowhere/at/all") == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);

  CHECK(umem_faiss_create(DIMENSION, "Flat", UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_contains(index, 5, &number) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_create(DIMENSION, "IVF4,Flat", UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

int main(int argc, char **argv) {
  fill(rows, ROWS * DIMENSION);
  fill(queries, QUERIES * DIMENSION);
  for (int i = 0; i < ROWS; i++) {
    ids[i] = 1000 + i;
  }
  CHECK(umem_faiss_abi() == UMEM_FAISS_ABI);
  CHECK(strlen(umem_faiss_version()) >= 5);
  CHECK(umem_faiss_set_threads(2) == UMEM_FAISS_OK);
  searches_and_saves(argc > 1 ? argv[1] : "umem_faiss_test.index");
  pads_with_minus_one();
  refuses_bad_arguments();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
