#include "index_parts.h"

#include "umem_faiss.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFastScan.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexNSG.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/FaissException.h>
#include <omp.h>

#include <algorithm>
#include <exception>
#include <typeinfo>

namespace {

/// FAISS scores a batch of this size or more as a matrix product, on the threads of the BLAS alone.
constexpr int64_t BATCH = 20;

/// Flat rows that share a batch of queries out over OpenMP's threads, each of which calls the BLAS for its part. The
/// BLAS has one thread (umem_faiss_set_threads), since two pools that wait in loops slow each other down severalfold.
/// Clustering and the assignment of rows to lists are such batches.
template <class Flat> struct SharedFlat : Flat {
  using Flat::Flat;

  void search(faiss::Index::idx_t n, const float *queries, faiss::Index::idx_t k, float *scores,
              faiss::Index::idx_t *ids, const faiss::SearchParameters *parameters) const override {
    int64_t parts = std::min<int64_t>(omp_in_parallel() ? 1 : omp_get_max_threads(), n / BATCH);
    if (parts < 2) {
      Flat::search(n, queries, k, scores, ids, parameters);
      return;
    }
    std::exception_ptr failure;
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(parts))
    for (int64_t part = 0; part < parts; part++) {
      int64_t first = n * part / parts;
      int64_t count = n * (part + 1) / parts - first;
      try {
        Flat::search(count, queries + first * this->d, k, scores + first * k, ids + first * k, parameters);
      } catch (...) {
#pragma omp critical(umem_faiss_shared_flat)
        failure = std::current_exception();
      }
    }
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
};

/// The same rows in an index that shares batches out; null where it is another kind of index.
template <class Flat> faiss::Index *shared(faiss::Index *index) {
  if (typeid(*index) != typeid(Flat)) {
    return nullptr;
  }
  auto *old = static_cast<Flat *>(index);
  auto copy = std::make_unique<SharedFlat<Flat>>(old->d);
  copy->codes = std::move(old->codes);
  copy->ntotal = old->ntotal;
  return copy.release();
}

void share(faiss::Index *&part, bool owned) {
  if (!owned || part == nullptr) {
    return;
  }
  faiss::Index *replacement = shared<faiss::IndexFlatIP>(part);
  if (replacement == nullptr) {
    replacement = shared<faiss::IndexFlatL2>(part);
  }
  if (replacement != nullptr) {
    delete part;
    part = replacement;
  }
}

void silence(faiss::ClusteringParameters &clustering) {
  // Only decides whether a warning is written to standard error.
  clustering.min_points_per_centroid = 1;
}

void prepare(faiss::Index *index) {
  if (auto *map = dynamic_cast<faiss::IndexIDMap *>(index)) {
    share(map->index, map->own_fields);
    prepare(map->index);
  } else if (auto *transformed = dynamic_cast<faiss::IndexPreTransform *>(index)) {
    share(transformed->index, transformed->own_fields);
    prepare(transformed->index);
  } else if (auto *refined = dynamic_cast<faiss::IndexRefine *>(index)) {
    prepare(refined->base_index);
  } else if (auto *lists = dynamic_cast<faiss::IndexIVF *>(index)) {
    share(lists->quantizer, lists->own_fields);
    silence(lists->cp);
    if (auto *products = dynamic_cast<faiss::IndexIVFPQ *>(index)) {
      silence(products->pq.cp);
    }
  } else if (auto *products = dynamic_cast<faiss::IndexPQ *>(index)) {
    silence(products->pq.cp);
  }
}

/// Whether a removal moves the later rows up, as a map of ids above it takes for granted.
bool renumbers(const faiss::Index *index) {
  if (const auto *transformed = dynamic_cast<const faiss::IndexPreTransform *>(index)) {
    return renumbers(transformed->index);
  }
  return dynamic_cast<const faiss::IndexFlatCodes *>(index) != nullptr;
}

/// Whether these lists can keep a table from ids to places. The others can only be added to and searched.
bool takes_direct_map(const faiss::IndexIVF *lists) {
  return dynamic_cast<const faiss::IndexIVFFastScan *>(lists) == nullptr &&
         dynamic_cast<const faiss::IndexIVFFlatDedup *>(lists) == nullptr &&
         dynamic_cast<const faiss::IndexIVFPQR *>(lists) == nullptr;
}

/// What an index can do when rows are known by their position.
int32_t row_operations(const faiss::Index *index) {
  constexpr int32_t REMOVE = UMEM_FAISS_CAN_REMOVE;
  constexpr int32_t RANGE = UMEM_FAISS_CAN_RANGE;
  constexpr int32_t RECONSTRUCT = UMEM_FAISS_CAN_RECONSTRUCT;
  if (const auto *transformed = dynamic_cast<const faiss::IndexPreTransform *>(index)) {
    int32_t operations = row_operations(transformed->index);
    for (const faiss::VectorTransform *transform : transformed->chain) {
      const auto *linear = dynamic_cast<const faiss::LinearTransform *>(transform);
      bool reversible = linear == nullptr || linear->is_orthonormal;
      operations &= reversible ? ~0 : ~RECONSTRUCT;
    }
    return operations;
  }
  if (const auto *lists = dynamic_cast<const faiss::IndexIVF *>(index)) {
    int32_t known = lists->direct_map.no() ? 0 : RECONSTRUCT;
    return takes_direct_map(lists) ? REMOVE | RANGE | known : 0;
  }
  if (dynamic_cast<const faiss::IndexFlat *>(index) != nullptr) {
    return REMOVE | RANGE | RECONSTRUCT;
  }
  if (dynamic_cast<const faiss::IndexFlatCodes *>(index) != nullptr) {
    return REMOVE | RECONSTRUCT;
  }
  bool keeps_rows = dynamic_cast<const faiss::IndexHNSW *>(index) != nullptr ||
                    dynamic_cast<const faiss::IndexNSG *>(index) != nullptr ||
                    dynamic_cast<const faiss::IndexRefine *>(index) != nullptr;
  return keeps_rows ? RECONSTRUCT : 0;
}

void require(bool condition, const char *what) {
  FAISS_THROW_IF_NOT_FMT(condition, "the index is not sound: %s", what);
}

void require_lists(const faiss::IndexIVF *lists) {
  require(lists->quantizer != nullptr && lists->invlists != nullptr, "its lists are missing");
  require_sound(lists->quantizer);
  require(lists->nlist >= 1 && lists->invlists->nlist == lists->nlist, "its number of lists");
  require(lists->quantizer->ntotal == 0 || static_cast<size_t>(lists->quantizer->ntotal) == lists->nlist,
          "its list centres");
  if (dynamic_cast<const faiss::IndexIVFFastScan *>(lists) != nullptr) {
    return;
  }
  require(lists->invlists->code_size == lists->code_size, "its code size");
  const auto *arrays = dynamic_cast<const faiss::ArrayInvertedLists *>(lists->invlists);
  size_t rows = 0;
  for (size_t list = 0; list < lists->nlist; list++) {
    size_t size = lists->invlists->list_size(list);
    require(arrays == nullptr || arrays->codes[list].size() == size * lists->code_size, "the length of a list");
    rows += size;
  }
  require(rows == static_cast<size_t>(lists->ntotal), "its lists hold another number of rows");
  for (const auto &entry : lists->direct_map.hashtable) {
    uint64_t list = faiss::lo_listno(entry.second);
    require(list < lists->nlist && faiss::lo_offset(entry.second) < lists->invlists->list_size(list),
            "a row's place in its list");
  }
}

void require_graph(const faiss::IndexHNSW *index) {
  const faiss::HNSW &graph = index->hnsw;
  require(index->storage != nullptr && index->storage->ntotal == index->ntotal, "its rows");
  require_sound(index->storage);
  size_t rows = index->ntotal;
  const auto &starts = graph.cum_nneighbor_per_level;
  require(graph.levels.size() == rows && graph.offsets.size() == rows + 1, "its graph has another number of rows");
  require(!starts.empty() && starts[0] == 0 && std::is_sorted(starts.begin(), starts.end()), "its levels");
  require(graph.offsets[0] == 0 && graph.offsets[rows] == graph.neighbors.size(), "its links");
  for (size_t row = 0; row < rows; row++) {
    int level = graph.levels[row];
    require(level >= 1 && static_cast<size_t>(level) < starts.size(), "the level of a row");
    require(level <= graph.max_level + 1, "the level of a row");
    require(graph.offsets[row + 1] - graph.offsets[row] == static_cast<size_t>(starts[level]), "the links of a row");
    // A link of a level above the first leads to a row that is there too.
    for (int at = 0; at < level; at++) {
      for (size_t i = starts[at]; i < static_cast<size_t>(starts[at + 1]); i++) {
        int32_t to = graph.neighbors[graph.offsets[row] + i];
        require(to == -1 || (to >= 0 && static_cast<size_t>(to) < rows && graph.levels[to] > at), "a link");
      }
    }
  }
  int entry = graph.entry_point;
  require(rows == 0 ? entry == -1
                    : entry >= 0 && static_cast<size_t>(entry) < rows && graph.levels[entry] == graph.max_level + 1,
          "where its search begins");
}

} // namespace

int32_t operations_of(const faiss::Index *index) {
  if (const auto *map = dynamic_cast<const faiss::IndexIDMap *>(index)) {
    int32_t operations = row_operations(map->index) | UMEM_FAISS_CAN_ADD;
    if (!renumbers(map->index)) {
      operations &= ~UMEM_FAISS_CAN_REMOVE;
    }
    if (dynamic_cast<const faiss::IndexIDMap2 *>(index) != nullptr) {
      return operations | UMEM_FAISS_CAN_CONTAIN;
    }
    return operations & ~UMEM_FAISS_CAN_RECONSTRUCT;
  }
  if (const faiss::IndexIVF *lists = lists_with_ids(index)) {
    if (dynamic_cast<const faiss::IndexIVFPQR *>(lists) != nullptr) {
      // Takes ids for positions, and ends the process over one that is none.
      return 0;
    }
    bool hashed = lists->direct_map.type == faiss::DirectMap::Hashtable;
    return row_operations(index) | UMEM_FAISS_CAN_ADD | (hashed ? UMEM_FAISS_CAN_CONTAIN : 0);
  }
  // It numbers its rows itself: nothing can be added under an id of the caller.
  return row_operations(index);
}

const faiss::IndexIVF *lists_with_ids(const faiss::Index *index) {
  const faiss::Index *inner = index;
  while (const auto *transformed = dynamic_cast<const faiss::IndexPreTransform *>(inner)) {
    inner = transformed->index;
  }
  return dynamic_cast<const faiss::IndexIVF *>(inner);
}

faiss::IndexIVF *lists_with_ids(faiss::Index *index) {
  return const_cast<faiss::IndexIVF *>(lists_with_ids(static_cast<const faiss::Index *>(index)));
}

std::unique_ptr<faiss::Index> prepared(std::unique_ptr<faiss::Index> index) {
  prepare(index.get());
  return index;
}

void require_sound(const faiss::Index *index) {
  require(index->d >= 1 && index->ntotal >= 0, "its dimension or size");
  if (const auto *map = dynamic_cast<const faiss::IndexIDMap *>(index)) {
    require(map->index->d == map->d && map->index->ntotal == map->ntotal, "the rows below its ids");
    require(map->id_map.size() == static_cast<size_t>(map->ntotal), "it has not one id a row");
    require_sound(map->index);
  } else if (const auto *transformed = dynamic_cast<const faiss::IndexPreTransform *>(index)) {
    int width = transformed->d;
    for (const faiss::VectorTransform *transform : transformed->chain) {
      require(transform->d_in == width, "the dimensions of its transformations");
      width = transform->d_out;
    }
    require(transformed->index->d == width && transformed->index->ntotal == transformed->ntotal,
            "the rows below its transformations");
    require_sound(transformed->index);
  } else if (const auto *refined = dynamic_cast<const faiss::IndexRefine *>(index)) {
    require(refined->base_index->ntotal == refined->ntotal && refined->refine_index->ntotal == refined->ntotal &&
                refined->base_index->d == refined->d && refined->refine_index->d == refined->d,
            "the two forms of its rows");
    require_sound(refined->base_index);
    require_sound(refined->refine_index);
  } else if (const auto *lists = dynamic_cast<const faiss::IndexIVF *>(index)) {
    require_lists(lists);
  } else if (const auto *graph = dynamic_cast<const faiss::IndexHNSW *>(index)) {
    require_graph(graph);
  } else if (const auto *codes = dynamic_cast<const faiss::IndexFlatCodes *>(index)) {
    require(codes->code_size >= 1 && codes->codes.size() == codes->code_size * static_cast<size_t>(codes->ntotal),
            "the length of its rows");
    bool flat = dynamic_cast<const faiss::IndexFlat *>(index) != nullptr;
    require(!flat || codes->code_size == sizeof(float) * static_cast<size_t>(codes->d), "its row size");
  }
}
