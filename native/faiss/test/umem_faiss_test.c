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
static float all_scores[QUERIES * ROWS];
static int64_t all_ids[QUERIES * ROWS];

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
  umem_faiss_hits *hits = NULL;
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
  CHECK(strcmp(umem_faiss_error(), "key 5 not found") == 0);
  CHECK(umem_faiss_write(index, "/nowhere/at/all") == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);

  CHECK(umem_faiss_create(DIMENSION, "Flat", UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_contains(index, 5, &number) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_metric(index, &number) == UMEM_FAISS_OK && number == UMEM_FAISS_L2);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_create(DIMENSION, "IVF4,Flat", UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_search(index, 1, queries, 1, row, found) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_range(index, 1, queries, 1, &hits) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_train(index, 0, rows) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_train(index, 2, rows) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

/* FAISS divides by these numbers, loops until they are reached, or allocates as many. */
static void refuses_numbers_that_would_end_the_process(void) {
  const char *descriptions[] = {"PQ0",    "IDMap2,HNSW0", "HNSW1", "IVF0,Flat", "IVF1048577,Flat", "IVF99999999999999999999,Flat",
                                "PQ4x00", ""};
  for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
    umem_faiss_index *index = NULL;
    CHECK(umem_faiss_create(DIMENSION, descriptions[i], UMEM_FAISS_INNER_PRODUCT, &index) != UMEM_FAISS_OK);
    CHECK(index == NULL);
  }
}

static const char *const KINDS[] = {"IDMap2,Flat",        "IDMap,Flat",         "Flat",
                                    "IDMap2,SQ8",         "IDMap2,PQ4x4np",       "IDMap2,HNSW8",
                                    "IDMap,HNSW8",        "HNSW8",              "IVF4,Flat",
                                    "IDMap2,IVF4,Flat",   "IDMap,IVF4,Flat",    "IVF4,SQ8",
                                    "IVF4,PQ4x4np",         "PCA8,IVF4,Flat",     "L2norm,IVF4,PQ4x4np",
                                    "IDMap2,PCA8,Flat",   "IVF4_HNSW8,Flat",    "IVF4,Flat,RFlat,IDMap2",
                                    "IDMap2,LSH",         "IVF4,PQ4x4fs",       "IDMap2,PQ4x4fs",
                                    "IVF4,FlatDedup",     "IVF4,PQ4+4",         "IDMap2,NSG8",
                                    "IDMap2,L2norm,Flat", "IDMap2,SQ4,Refine(SQ8)",
                                    "IMI2x3,Flat"};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* What umem_faiss_operations says is what happens, before and after a file; what it denies is refused in words. */
static void does_what_it_says(const char *kind, int32_t metric, const char *path) {
  umem_faiss_index *index = NULL;
  umem_faiss_hits *hits = NULL;
  int32_t can, number;
  int64_t size, removed;
  float row[DIMENSION];
  float scores[K];
  int64_t found[K];
  int made = umem_faiss_create(DIMENSION, kind, metric, &index);
  if (made == UMEM_FAISS_REFUSED) {
    /* Not every kind knows every metric. */
    CHECK(metric == UMEM_FAISS_INNER_PRODUCT);
    return;
  }
  CHECK(made == UMEM_FAISS_OK);
  if (umem_faiss_train(index, ROWS, rows) != UMEM_FAISS_OK) {
    CHECK(metric == UMEM_FAISS_INNER_PRODUCT);
    CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
    return;
  }
  CHECK(umem_faiss_operations(index, &can) == UMEM_FAISS_OK);
#define REFUSED_UNLESS(flag) ((can & (flag)) != 0 ? UMEM_FAISS_OK : UMEM_FAISS_REFUSED)
  int added = umem_faiss_add(index, ROWS, rows, ids);
  if (added != REFUSED_UNLESS(UMEM_FAISS_CAN_ADD)) {
    fprintf(stderr, "%s\n", kind);
  }
  CHECK(added == REFUSED_UNLESS(UMEM_FAISS_CAN_ADD));
  if (added == UMEM_FAISS_OK) {
    CHECK(umem_faiss_write(index, path) == UMEM_FAISS_OK);
    for (int pass = 0; pass < 2; pass++) {
      CHECK(umem_faiss_search(index, 1, queries, K, scores, found) == UMEM_FAISS_OK);
      CHECK(found[0] >= 1000 && found[0] < 1000 + ROWS);
      int range = umem_faiss_range(index, QUERIES, queries, 0.5f, &hits);
      int given = umem_faiss_reconstruct(index, 1003, row);
      int contains = umem_faiss_contains(index, 1003, &number);
      int dropped = umem_faiss_remove(index, 3, ids + 2, &removed);
      if (range != REFUSED_UNLESS(UMEM_FAISS_CAN_RANGE) || given != REFUSED_UNLESS(UMEM_FAISS_CAN_RECONSTRUCT) ||
          contains != REFUSED_UNLESS(UMEM_FAISS_CAN_CONTAIN) || dropped != REFUSED_UNLESS(UMEM_FAISS_CAN_REMOVE)) {
        fprintf(stderr, "%s (%d): can %d, range %d, reconstruct %d, contains %d, remove %d\n", kind, pass, can, range,
                given, contains, dropped);
      }
      CHECK(range == REFUSED_UNLESS(UMEM_FAISS_CAN_RANGE));
      CHECK(given == REFUSED_UNLESS(UMEM_FAISS_CAN_RECONSTRUCT));
      CHECK(contains == REFUSED_UNLESS(UMEM_FAISS_CAN_CONTAIN));
      CHECK(dropped == REFUSED_UNLESS(UMEM_FAISS_CAN_REMOVE));
      if (range == UMEM_FAISS_OK) {
        CHECK(umem_faiss_hits_free(hits) == UMEM_FAISS_OK);
      }
      if (dropped == UMEM_FAISS_OK) {
        CHECK(removed == 3);
        CHECK(umem_faiss_size(index, &size) == UMEM_FAISS_OK && size == ROWS - 3);
        CHECK(umem_faiss_remove(index, 3, ids + 2, &removed) == UMEM_FAISS_OK && removed == 0);
        if (contains == UMEM_FAISS_OK) {
          CHECK(umem_faiss_contains(index, 1003, &number) == UMEM_FAISS_OK && number == 0);
          CHECK(umem_faiss_reconstruct(index, 1003, row) == UMEM_FAISS_REFUSED);
          CHECK(umem_faiss_contains(index, 1005, &number) == UMEM_FAISS_OK && number == 1);
        }
        /* The others keep their ids: a row is its own nearest neighbour. */
        CHECK(umem_faiss_search(index, 1, rows + 299 * DIMENSION, ROWS, all_scores, all_ids) == UMEM_FAISS_OK);
        for (int i = 0; i < ROWS - 3; i++) {
          CHECK(all_ids[i] == -1 || all_ids[i] < 1002 || all_ids[i] > 1004);
        }
      }
      CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
      index = NULL;
      if (pass == 0) {
        CHECK(umem_faiss_read(path, &index) == UMEM_FAISS_OK);
        CHECK(umem_faiss_operations(index, &number) == UMEM_FAISS_OK && number == can);
      }
    }
    CHECK(remove(path) == 0);
  } else {
    CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  }
}

/* After removals from lists and from rows, every row left is found under its own id. */
static void removal_keeps_ids(const char *kind) {
  umem_faiss_index *index = NULL;
  int64_t removed;
  int64_t gone[ROWS / 3];
  float score;
  int64_t found;
  float row[DIMENSION];
  CHECK(umem_faiss_create(DIMENSION, kind, UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  for (int i = 0; i < ROWS / 3; i++) {
    gone[i] = ids[3 * i];
  }
  CHECK(umem_faiss_remove(index, ROWS / 3, gone, &removed) == UMEM_FAISS_OK && removed == ROWS / 3);
  for (int i = 0; i < ROWS; i++) {
    CHECK(umem_faiss_search(index, 1, rows + i * DIMENSION, 1, &score, &found) == UMEM_FAISS_OK);
    if (i % 3 != 0) {
      CHECK(found == ids[i]);
      CHECK(umem_faiss_reconstruct(index, ids[i], row) == UMEM_FAISS_OK);
      CHECK(memcmp(row, rows + i * DIMENSION, sizeof row) == 0);
    } else {
      CHECK(found != ids[i]);
    }
  }
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

static void range_is_a_scan(const char *kind) {
  umem_faiss_index *index = NULL;
  umem_faiss_hits *hits = NULL;
  const uint64_t *limits;
  const int64_t *found;
  const float *scores;
  const float least = 0.4f;
  CHECK(umem_faiss_create(DIMENSION, kind, UMEM_FAISS_INNER_PRODUCT, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_range(index, 0, NULL, least, &hits) == UMEM_FAISS_OK);
  CHECK(umem_faiss_hits_get(hits, &limits, &found, &scores) == UMEM_FAISS_OK && limits[0] == 0);
  CHECK(umem_faiss_hits_free(hits) == UMEM_FAISS_OK);
  CHECK(umem_faiss_range(index, QUERIES, queries, NAN, &hits) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_range(index, QUERIES, queries, least, &hits) == UMEM_FAISS_OK);
  CHECK(umem_faiss_hits_get(hits, &limits, NULL, &scores) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_hits_get(hits, &limits, &found, &scores) == UMEM_FAISS_OK);
  for (int q = 0; q < QUERIES; q++) {
    int expected = 0;
    for (int row = 0; row < ROWS; row++) {
      expected += dot(rows + row * DIMENSION, queries + q * DIMENSION) > least;
    }
    CHECK(limits[q + 1] - limits[q] == (uint64_t)expected);
    for (uint64_t i = limits[q]; i < limits[q + 1]; i++) {
      CHECK(fabs(dot(rows + (found[i] - 1000) * DIMENSION, queries + q * DIMENSION) - scores[i]) < 1e-5);
      CHECK(scores[i] > least);
    }
  }
  CHECK(umem_faiss_hits_free(hits) == UMEM_FAISS_OK);
  CHECK(umem_faiss_hits_free(NULL) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

static void parameters_take_effect(void) {
  umem_faiss_index *index = NULL;
  CHECK(umem_faiss_create(DIMENSION, "IVF16,Flat", UMEM_FAISS_INNER_PRODUCT, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  /* One list of 16 has not all rows; all lists have. */
  int64_t missing[2] = {0, 0};
  for (int pass = 0; pass < 2; pass++) {
    CHECK(umem_faiss_set(index, "nprobe", pass == 0 ? 1 : 16) == UMEM_FAISS_OK);
    CHECK(umem_faiss_search(index, 1, queries, ROWS, all_scores, all_ids) == UMEM_FAISS_OK);
    for (int i = 0; i < ROWS; i++) {
      missing[pass] += all_ids[i] == -1;
    }
  }
  CHECK(missing[0] > 0 && missing[1] == 0);
  finds_the_best(index, QUERIES);
  CHECK(umem_faiss_set(index, "nprobe", 0) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_set(index, "nprobe", NAN) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_set(index, "nprobe", 1e300) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_set(index, "nprobe", 1.5) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_set(index, "max_codes", 0) == UMEM_FAISS_OK);
  CHECK(umem_faiss_set(index, "verbose", 1) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_set(index, "efSearch", 16) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_set(index, NULL, 1) == UMEM_FAISS_ARGUMENT);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_create(DIMENSION, "IDMap2,HNSW8", UMEM_FAISS_INNER_PRODUCT, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_set(index, "efSearch", 200) == UMEM_FAISS_OK);
  CHECK(umem_faiss_set(index, "nprobe", 2) == UMEM_FAISS_REFUSED);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
}

static unsigned char whole[1 << 20];

/* Writes an index of all rows to a file, and its bytes to whole. */
static size_t saved(const char *kind, const char *path) {
  umem_faiss_index *index = NULL;
  CHECK(umem_faiss_create(DIMENSION, kind, UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_train(index, ROWS, rows) == UMEM_FAISS_OK);
  CHECK(umem_faiss_add(index, ROWS, rows, ids) == UMEM_FAISS_OK);
  CHECK(umem_faiss_write(index, path) == UMEM_FAISS_OK);
  CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
  FILE *file = fopen(path, "rb");
  size_t length = fread(whole, 1, sizeof whole, file);
  fclose(file);
  CHECK(length < sizeof whole);
  return length;
}

static void rewrite(const char *path, size_t length) {
  FILE *file = fopen(path, "wb");
  CHECK(fwrite(whole, 1, length, file) == length);
  fclose(file);
}

static void a_cut_file_is_refused(const char *kind, const char *path) {
  umem_faiss_index *index = NULL;
  size_t length = saved(kind, path);
  for (size_t cut = 0; cut < length; cut += 1 + length / 50) {
    rewrite(path, cut);
    CHECK(umem_faiss_read(path, &index) == UMEM_FAISS_REFUSED);
  }
  CHECK(index == NULL);
  CHECK(remove(path) == 0);
}

/* Links of a graph that lead out of it would be followed. */
static void a_graph_with_damaged_links_is_refused_or_harmless(const char *path) {
  umem_faiss_index *index = NULL;
  size_t length = saved("IDMap2,HNSW8", path);
  const uint64_t count = ROWS;
  size_t at = 80;
  while (memcmp(whole + at, &count, sizeof count) != 0) {
    at++;
  }
  /* Level of each row, then where its links begin, then the links, then where a search begins. */
  size_t first = at + 8 + 4 * ROWS + 8 + 8 * (ROWS + 1) + 8;
  uint64_t links;
  memcpy(&links, whole + first - 8, sizeof links);
  int refused = 0;
  uint32_t state = 99;
  for (int i = 0; i < 200; i++) {
    state = state * 1664525u + 1013904223u;
    size_t place = first + (state >> 8) % (4 * links + 8);
    unsigned char kept = whole[place];
    whole[place] ^= (unsigned char)(1 + (state & 0x7f));
    rewrite(path, length);
    if (umem_faiss_read(path, &index) == UMEM_FAISS_OK) {
      CHECK(umem_faiss_search(index, QUERIES, queries, K, all_scores, all_ids) == UMEM_FAISS_OK);
      CHECK(umem_faiss_free(index) == UMEM_FAISS_OK);
    } else {
      refused++;
    }
    whole[place] = kept;
  }
  CHECK(refused > 100);
  CHECK(remove(path) == 0);
}

static void gpus_are_counted(void) {
  umem_faiss_index *index = NULL;
  umem_faiss_index *copy = NULL;
  int32_t count = -1;
  CHECK(umem_faiss_gpus(&count) == UMEM_FAISS_OK && count >= 0);
  CHECK(umem_faiss_create(DIMENSION, "Flat", UMEM_FAISS_L2, &index) == UMEM_FAISS_OK);
  CHECK(umem_faiss_to_gpu(index, count, &copy) == UMEM_FAISS_REFUSED && copy == NULL);
  CHECK(umem_faiss_to_gpu(index, -1, &copy) == UMEM_FAISS_ARGUMENT);
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
  CHECK(strlen(umem_faiss_level()) >= 4);
  const char *path = argc > 1 ? argv[1] : "umem_faiss_test.index";
  searches_and_saves(path);
  /* One thread: two wait for each other in loops, which takes long where the machine has other work. */
  CHECK(umem_faiss_set_threads(1) == UMEM_FAISS_OK);
  pads_with_minus_one();
  refuses_bad_arguments();
  refuses_numbers_that_would_end_the_process();
  for (int kind = 0; kind < KIND_COUNT; kind++) {
    does_what_it_says(KINDS[kind], UMEM_FAISS_INNER_PRODUCT, path);
    does_what_it_says(KINDS[kind], UMEM_FAISS_L2, path);
  }
  removal_keeps_ids("IDMap2,Flat");
  removal_keeps_ids("IVF4_HNSW8,Flat");
  range_is_a_scan("IDMap2,Flat");
  range_is_a_scan("IVF1,Flat");
  parameters_take_effect();
  a_cut_file_is_refused("IDMap2,Flat", path);
  a_cut_file_is_refused("IDMap2,HNSW8", path);
  a_cut_file_is_refused("IVF4,Flat", path);
  a_graph_with_damaged_links_is_refused_or_harmless(path);
  gpus_are_counted();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
