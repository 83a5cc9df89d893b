/* The C ABI over FAISS.
 *
 * Every function that can fail returns a code; 0 is success. After any other code umem_faiss_error() tells why, on the
 * same thread, until that thread's next failure. No C++ exception leaves the library.
 *
 * An index is not safe for writers: at most one thread may add, read or free while no other uses it. Any number of
 * threads may search at the same time.
 *
 * Vectors are rows of float32, row-major, n * dimension values. Ids are chosen by the caller, any int64 from 0.
 */
#ifndef UMEM_FAISS_H
#define UMEM_FAISS_H

#include <stdint.h>

#define UMEM_FAISS_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct umem_faiss_index umem_faiss_index;

enum umem_faiss_code {
  UMEM_FAISS_OK = 0,
  UMEM_FAISS_ARGUMENT = -1,  /* an argument that cannot be right: a null pointer, a negative count */
  UMEM_FAISS_REFUSED = -2,   /* FAISS said no: a bad factory string, an unreadable file, an operation the index lacks */
  UMEM_FAISS_MEMORY = -3,    /* not enough memory */
  UMEM_FAISS_FAILED = -4     /* anything else */
};

enum umem_faiss_metric { UMEM_FAISS_INNER_PRODUCT = 0, UMEM_FAISS_L2 = 1 };

/* The version of this ABI; changes whenever a function changes its form. */
#define UMEM_FAISS_ABI 1
UMEM_FAISS_API int32_t umem_faiss_abi(void);

/* The version of FAISS, "1.7.3". Static storage. */
UMEM_FAISS_API const char *umem_faiss_version(void);

/* The text of this thread's last failure; never null. Valid until the thread's next failure. */
UMEM_FAISS_API const char *umem_faiss_error(void);

/* Threads that one call may use, from 1: FAISS (OpenMP) for the calling thread, OpenBLAS for the process. */
UMEM_FAISS_API int32_t umem_faiss_set_threads(int32_t threads);

/* An exact index by inner product, with ids of the caller. */
UMEM_FAISS_API int32_t umem_faiss_flat(int32_t dimension, umem_faiss_index **index);

/* An index by FAISS's factory string, "IDMap2,HNSW32" for example. */
UMEM_FAISS_API int32_t umem_faiss_create(int32_t dimension, const char *description, int32_t metric,
                                         umem_faiss_index **index);

UMEM_FAISS_API int32_t umem_faiss_free(umem_faiss_index *index);

UMEM_FAISS_API int32_t umem_faiss_dimension(const umem_faiss_index *index, int32_t *dimension);

/* Rows in the index. */
UMEM_FAISS_API int32_t umem_faiss_size(const umem_faiss_index *index, int64_t *size);

/* 1 when rows may be added, 0 when the index has to be trained first. */
UMEM_FAISS_API int32_t umem_faiss_trained(const umem_faiss_index *index, int32_t *trained);

UMEM_FAISS_API int32_t umem_faiss_train(umem_faiss_index *index, int64_t n, const float *rows);

/* Adds rows. An id that is there already is not refused: it then names the later row, and searches find both. */
UMEM_FAISS_API int32_t umem_faiss_add(umem_faiss_index *index, int64_t n, const float *rows, const int64_t *ids);

/* The k best rows for each of n queries, best first: n * k scores and n * k ids. Where there are fewer rows than k the
 * remaining ids are -1. */
UMEM_FAISS_API int32_t umem_faiss_search(const umem_faiss_index *index, int64_t n, const float *queries, int64_t k,
                                         float *scores, int64_t *ids);

/* 1 when a row has the id, else 0. Refused by an index that keeps no ids of its caller. */
UMEM_FAISS_API int32_t umem_faiss_contains(const umem_faiss_index *index, int64_t id, int32_t *contains);

/* Copies one row out: dimension floats. Refused when the id is unknown. */
UMEM_FAISS_API int32_t umem_faiss_reconstruct(const umem_faiss_index *index, int64_t id, float *row);

/* Saves to, and loads from, a file of FAISS's own form. Paths are UTF-8. */
UMEM_FAISS_API int32_t umem_faiss_write(const umem_faiss_index *index, const char *path);
UMEM_FAISS_API int32_t umem_faiss_read(const char *path, umem_faiss_index **index);

#ifdef __cplusplus
}
#endif

#endif
