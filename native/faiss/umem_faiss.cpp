#include "umem_faiss.h"

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <omp.h>

#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

extern "C" void openblas_set_num_threads(int threads);

namespace {

thread_local std::string last_error;

int32_t failure(int32_t code, const char *text) noexcept {
  try {
    last_error = text;
  } catch (...) {
    // No memory for the text: an empty string needs none.
    last_error.clear();
  }
  return code;
}

/// Runs the body of a function so that no exception passes the border to C.
template <class Body> int32_t guarded(Body body) noexcept {
  try {
    body();
    return UMEM_FAISS_OK;
  } catch (const std::invalid_argument &e) {
    return failure(UMEM_FAISS_ARGUMENT, e.what());
  } catch (const faiss::FaissException &e) {
    return failure(UMEM_FAISS_REFUSED, e.what());
  } catch (const std::bad_alloc &) {
    return failure(UMEM_FAISS_MEMORY, "not enough memory");
  } catch (const std::exception &e) {
    return failure(UMEM_FAISS_FAILED, e.what());
  } catch (...) {
    return failure(UMEM_FAISS_FAILED, "unknown C++ exception");
  }
}

void require(bool condition, const char *text) {
  if (!condition) {
    throw std::invalid_argument(text);
  }
}

faiss::Index *of(umem_faiss_index *index) {
  require(index != nullptr, "index is null");
  return reinterpret_cast<faiss::Index *>(index);
}

const faiss::Index *of(const umem_faiss_index *index) {
  require(index != nullptr, "index is null");
  return reinterpret_cast<const faiss::Index *>(index);
}

umem_faiss_index *handle(std::unique_ptr<faiss::Index> index) {
  return reinterpret_cast<umem_faiss_index *>(index.release());
}

void require_rows(int64_t n, const void *rows) {
  require(n >= 0, "the number of rows is negative");
  require(n == 0 || rows != nullptr, "rows is null");
}

} // namespace

int32_t umem_faiss_abi(void) { return UMEM_FAISS_ABI; }

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const char *umem_faiss_version(void) {
  return TEXT(FAISS_VERSION_MAJOR) "." TEXT(FAISS_VERSION_MINOR) "." TEXT(FAISS_VERSION_PATCH);
}

const char *umem_faiss_error(void) { return last_error.c_str(); }

int32_t umem_faiss_set_threads(int32_t threads) {
  return guarded([&] {
    require(threads >= 1, "the number of threads is below 1");
    omp_set_num_threads(threads);
    openblas_set_num_threads(threads);
  });
}

int32_t umem_faiss_flat(int32_t dimension, umem_faiss_index **index) {
  return guarded([&] {
    require(dimension >= 1, "the dimension is below 1");
    require(index != nullptr, "index is null");
    auto flat = std::make_unique<faiss::IndexFlatIP>(dimension);
    auto mapped = std::make_unique<faiss::IndexIDMap2>(flat.get());
    flat.release();
    mapped->own_fields = true;
    *index = handle(std::move(mapped));
  });
}

int32_t umem_faiss_create(int32_t dimension, const char *description, int32_t metric, umem_faiss_index **index) {
  return guarded([&] {
    require(dimension >= 1, "the dimension is below 1");
    require(description != nullptr, "description is null");
    require(index != nullptr, "index is null");
    require(metric == UMEM_FAISS_INNER_PRODUCT || metric == UMEM_FAISS_L2, "the metric is unknown");
    faiss::MetricType type = metric == UMEM_FAISS_L2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    *index = handle(std::unique_ptr<faiss::Index>(faiss::index_factory(dimension, description, type)));
  });
}

int32_t umem_faiss_free(umem_faiss_index *index) {
  return guarded([&] { delete of(index); });
}

int32_t umem_faiss_dimension(const umem_faiss_index *index, int32_t *dimension) {
  return guarded([&] {
    require(dimension != nullptr, "dimension is null");
    *dimension = static_cast<int32_t>(of(index)->d);
  });
}

int32_t umem_faiss_size(const umem_faiss_index *index, int64_t *size) {
  return guarded([&] {
    require(size != nullptr, "size is null");
    *size = of(index)->ntotal;
  });
}

int32_t umem_faiss_trained(const umem_faiss_index *index, int32_t *trained) {
  return guarded([&] {
    require(trained != nullptr, "trained is null");
    *trained = of(index)->is_trained ? 1 : 0;
  });
}

int32_t umem_faiss_train(umem_faiss_index *index, int64_t n, const float *rows) {
  return guarded([&] {
    faiss::Index *i = of(index);
    require_rows(n, rows);
    i->train(n, rows);
  });
}

int32_t umem_faiss_add(umem_faiss_index *index, int64_t n, const float *rows, const int64_t *ids) {
  return guarded([&] {
    faiss::Index *i = of(index);
    require_rows(n, rows);
    require(n == 0 || ids != nullptr, "ids is null");
    require(i->is_trained, "the index has to be trained before rows are added");
    for (int64_t row = 0; row < n; row++) {
      // -1 marks "no such row" in results.
      require(ids[row] >= 0, "an id is negative");
    }
    if (n > 0) {
      i->add_with_ids(n, rows, ids);
    }
  });
}

int32_t umem_faiss_search(const umem_faiss_index *index, int64_t n, const float *queries, int64_t k, float *scores,
                          int64_t *ids) {
  return guarded([&] {
    const faiss::Index *i = of(index);
    require_rows(n, queries);
    require(k >= 1, "k is below 1");
    require(n == 0 || (scores != nullptr && ids != nullptr), "scores or ids is null");
    require(n == 0 || k <= std::numeric_limits<int64_t>::max() / 8 / n, "n * k is too large");
    if (n > 0) {
      i->search(n, queries, k, scores, ids);
    }
  });
}

int32_t umem_faiss_contains(const umem_faiss_index *index, int64_t id, int32_t *contains) {
  return guarded([&] {
    require(contains != nullptr, "contains is null");
    const auto *mapped = dynamic_cast<const faiss::IndexIDMap2 *>(of(index));
    FAISS_THROW_IF_NOT_MSG(mapped != nullptr, "the index keeps no ids of its caller");
    *contains = mapped->rev_map.count(id) == 0 ? 0 : 1;
  });
}

int32_t umem_faiss_reconstruct(const umem_faiss_index *index, int64_t id, float *row) {
  return guarded([&] {
    const faiss::Index *i = of(index);
    require(row != nullptr, "row is null");
    try {
      i->reconstruct(id, row);
    } catch (const std::out_of_range &) {
      FAISS_THROW_FMT("id %lld is not in the index", static_cast<long long>(id));
    }
  });
}

int32_t umem_faiss_write(const umem_faiss_index *index, const char *path) {
  return guarded([&] {
    require(path != nullptr, "path is null");
    faiss::write_index(of(index), path);
  });
}

int32_t umem_faiss_read(const char *path, umem_faiss_index **index) {
  return guarded([&] {
    require(path != nullptr, "path is null");
    require(index != nullptr, "index is null");
    *index = handle(std::unique_ptr<faiss::Index>(faiss::read_index(path)));
  });
}
