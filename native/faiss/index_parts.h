// The parts that an index of FAISS is made of: what it can do because of them, whether they fit together, and the
// replacement of those that use one thread where they could use several.
#ifndef UMEM_FAISS_INDEX_PARTS_H
#define UMEM_FAISS_INDEX_PARTS_H

#include <faiss/Index.h>
#include <faiss/IndexIVF.h>

#include <memory>

/// Which of umem_faiss_operation the index can do; a bit each. FAISS itself tells only by an exception.
int32_t operations_of(const faiss::Index *index);

/// The inverted lists that keep the caller's ids themselves: at the top or below transformations of the rows. Null
/// below a map of ids, whose own numbers they hold.
faiss::IndexIVF *lists_with_ids(faiss::Index *index);
const faiss::IndexIVF *lists_with_ids(const faiss::Index *index);

/// Makes a new index, or one that was read, ready for use: batches run on all threads, and training is silent.
std::unique_ptr<faiss::Index> prepared(std::unique_ptr<faiss::Index> index);

/// Throws FaissException unless the sizes of the parts fit each other, so that no operation leaves its memory. Known
/// are flat and quantised rows, inverted lists, graphs of kind HNSW, maps of ids, transformations, and refinement; of
/// others only dimension and size are compared.
void require_sound(const faiss::Index *index);

#endif
