/* The C ABI over FAISS.
 *
 * Every function that can fail returns a code; 0 is success. After any other code umem_faiss_error() tells why, on the
 * same thread, until that thread's next failure. No C++ exception leaves the library.
 *
 * An index is not safe for writers: at most one thread may train, add, remove, set or free while no other uses it. Any
 * number of threads may search at the same time.
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

/* What a range search found. */
typedef struct umem_faiss_hits umem_faiss_hits;

enum umem_faiss_code {
  UMEM_FAISS_OK = 0,
  UMEM_FAISS_ARGUMENT = -1,  /* an argument that cannot be right: a null pointer, a negative count */
  UMEM_FAISS_REFUSED = -2,   /* FAISS said no: a bad factory string, an unreadable file, an operation the index lacks */
  UMEM_FAISS_MEMORY = -3,    /* not enough memory */
  UMEM_FAISS_FAILED = -4     /* anything else */
};

enum umem_faiss_metric { UMEM_FAISS_INNER_PRODUCT = 0, UMEM_FAISS_L2 = 1 };

/* What not every index can do. Anything else every index can. */
enum umem_faiss_operation {
  UMEM_FAISS_CAN_ADD = 1,         /* add rows under ids of the caller */
  UMEM_FAISS_CAN_REMOVE = 2,
  UMEM_FAISS_CAN_RANGE = 4,
  UMEM_FAISS_CAN_RECONSTRUCT = 8, /* give a row back by its id, exactly or, where rows are compressed, nearly */
  UMEM_FAISS_CAN_CONTAIN = 16     /* tell whether it has an id */
};

/* The version of this ABI; changes whenever a function changes its form. */
#define UMEM_FAISS_ABI 2
UMEM_FAISS_API int32_t umem_faiss_abi(void);

/* The version of FAISS, "1.7.3". Static storage. */
UMEM_FAISS_API const char *umem_faiss_version(void);

/* The instructions that FAISS was compiled for: "avx512", "avx2", or "generic", which is also said of a system's
 * library. Static storage. */
UMEM_FAISS_API const char *umem_faiss_level(void);

/* The text of this thread's last failure; never null. Valid until the thread's next failure. */
UMEM_FAISS_API const char *umem_faiss_error(void);

/* Threads that one call of any thread may use, from 1; the processors at first. They are OpenMP's. OpenBLAS is held to
 * one thread, for the whole process: two pools of threads slow each other down severalfold. */
UMEM_FAISS_API int32_t umem_faiss_set_threads(int32_t threads);

/* An exact index by inner product, with ids of the caller. */
UMEM_FAISS_API int32_t umem_faiss_flat(int32_t dimension, umem_faiss_index **index);

/* An index by FAISS's factory string, "IDMap2,HNSW32" for example. Inverted lists at the top ("IVF256,Flat") keep a
 * table of their ids, so that they can do all that an index with IDMap2 can. Its numbers have to be 1 to 2^20. */
UMEM_FAISS_API int32_t umem_faiss_create(int32_t dimension, const char *description, int32_t metric,
                                         umem_faiss_index **index);

UMEM_FAISS_API int32_t umem_faiss_free(umem_faiss_index *index);

UMEM_FAISS_API int32_t umem_faiss_dimension(const umem_faiss_index *index, int32_t *dimension);

/* One of umem_faiss_metric. */
UMEM_FAISS_API int32_t umem_faiss_metric(const umem_faiss_index *index, int32_t *metric);

/* Rows in the index. */
UMEM_FAISS_API int32_t umem_faiss_size(const umem_faiss_index *index, int64_t *size);

/* The sum of the umem_faiss_operation that the index can do. The others come back as UMEM_FAISS_REFUSED. */
UMEM_FAISS_API int32_t umem_faiss_operations(const umem_faiss_index *index, int32_t *operations);

/* 1 when rows may be added and searched, 0 when the index has to be trained first. */
UMEM_FAISS_API int32_t umem_faiss_trained(const umem_faiss_index *index, int32_t *trained);

/* Trains with n rows, at least 1. Refused when they are too few, for fewer rows than lists for example. */
UMEM_FAISS_API int32_t umem_faiss_train(umem_faiss_index *index, int64_t n, const float *rows);

/* Adds rows. An id that is there already is not refused: it then names the later row, and searches find both. */
UMEM_FAISS_API int32_t umem_faiss_add(umem_faiss_index *index, int64_t n, const float *rows, const int64_t *ids);

/* Removes the rows with these ids, and tells how many there were. Ids that no row has are passed over. */
UMEM_FAISS_API int32_t umem_faiss_remove(umem_faiss_index *index, int64_t n, const int64_t *ids, int64_t *removed);

/* Sets how an index searches or builds: nprobe (lists to visit), efSearch (breadth of a graph's search), and every
 * other name that FAISS's ParameterSpace knows, but verbose. Values are whole numbers from 1 to 2^20; ht and max_codes,
 * where 0 has a meaning, from 0 to 2^31 - 1. Refused when the index has no such parameter. */
UMEM_FAISS_API int32_t umem_faiss_set(umem_faiss_index *index, const char *name, double value);

/* The k best rows for each of n queries, best first: n * k scores and n * k ids. Where there are fewer rows than k the
 * remaining ids are -1. */
UMEM_FAISS_API int32_t umem_faiss_search(const umem_faiss_index *index, int64_t n, const float *queries, int64_t k,
                                         float *scores, int64_t *ids);

/* All rows whose inner product with a query is above a limit, or whose squared distance from it is below, in no
 * particular order. The hits are the caller's, who frees them. */
UMEM_FAISS_API int32_t umem_faiss_range(const umem_faiss_index *index, int64_t n, const float *queries, float limit,
                                        umem_faiss_hits **hits);

/* Where the hits lie, until they are freed: those of query q are [limits[q], limits[q + 1]) of ids and scores. */
UMEM_FAISS_API int32_t umem_faiss_hits_get(const umem_faiss_hits *hits, const uint64_t **limits, const int64_t **ids,
                                           const float **scores);
UMEM_FAISS_API int32_t umem_faiss_hits_free(umem_faiss_hits *hits);

/* 1 when a row has the id, else 0. */
UMEM_FAISS_API int32_t umem_faiss_contains(const umem_faiss_index *index, int64_t id, int32_t *contains);

/* Copies one row out: dimension floats. Refused when the id is unknown. */
UMEM_FAISS_API int32_t umem_faiss_reconstruct(const umem_faiss_index *index, int64_t id, float *row);

/* Saves to, and loads from, a file of FAISS's own form. Paths are UTF-8. What was read is refused unless its parts fit
 * each other. FAISS believes every length that it reads, though, and asks for that much memory: a caller that does not
 * trust the file has to know by a checksum that it is whole. */
UMEM_FAISS_API int32_t umem_faiss_write(const umem_faiss_index *index, const char *path);
UMEM_FAISS_API int32_t umem_faiss_read(const char *path, umem_faiss_index **index);

/* GPUs that FAISS can use, 0 where this is no GPU build. */
UMEM_FAISS_API int32_t umem_faiss_gpus(int32_t *count);

/* Makes a copy of an index on a GPU, which can be searched like any other, but not saved. Refused by a build without
 * GPU support. */
UMEM_FAISS_API int32_t umem_faiss_to_gpu(const umem_faiss_index *index, int32_t gpu, umem_faiss_index **copy);

#ifdef __cplusplus
}
#endif

#endif
