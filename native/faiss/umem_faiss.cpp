#include "umem_faiss.h"

#include "index_parts.h"

#include <faiss/AutoTune.h>
#include <faiss/Index.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/impl/io.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <omp.h>
#ifdef UMEM_FAISS_GPU
#include <faiss/gpu/GpuCloner.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/gpu/utils/DeviceUtils.h>
#endif

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

extern "C" void openblas_set_num_threads(int threads);

namespace {

thread_local std::string last_error;

/// Threads of one call. OpenMP keeps its number for each calling thread, so every call says it anew.
std::atomic<int> call_threads{[] {
  openblas_set_num_threads(1);
  return omp_get_max_threads();
}()};

int32_t failure(int32_t code, const char *text) noexcept {
  try {
    last_error = text;
  } catch (...) {
    // No memory for the text: an empty string needs none.
    last_error.clear();
  }
  return code;
}

/// What FAISS says, without where in its source it says so: "Error in F at FILE:LINE: TEXT", where TEXT may begin with
/// "Error: 'CONDITION' failed: ".
const char *text_of(const faiss::FaissException &e) {
  const char *failed = std::strstr(e.what(), "' failed: ");
  if (failed != nullptr && failed[10] != '\0') {
    return failed + 10;
  }
  for (const char *at = std::strchr(e.what(), ':'); at != nullptr; at = std::strchr(at + 1, ':')) {
    const char *end = at + 1 + std::strspn(at + 1, "0123456789");
    if (end > at + 1 && end[0] == ':' && end[1] == ' ') {
      return end + 2;
    }
  }
  return e.what();
}

/// Runs the body of a function so that no exception passes the border to C.
template <class Body> int32_t guarded(Body body) noexcept {
  try {
    body();
    return UMEM_FAISS_OK;
  } catch (const std::invalid_argument &e) {
    return failure(UMEM_FAISS_ARGUMENT, e.what());
  } catch (const faiss::FaissException &e) {
    return failure(UMEM_FAISS_REFUSED, text_of(e));
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

void require_operation(const faiss::Index *index, int32_t operation, const char *name) {
  FAISS_THROW_IF_NOT_FMT((operations_of(index) & operation) != 0, "this kind of index cannot %s", name);
}

/// Runs the body with the threads of a call, but not more than it has parts: for a single query FAISS would wake all
/// threads to do next to nothing, which takes longer than the search where the machine has other work.
template <class Body> int32_t computed(int64_t parts, Body body) noexcept {
  return guarded([&] {
    int threads = call_threads.load(std::memory_order_relaxed);
    omp_set_num_threads(parts < threads ? std::max<int>(1, parts) : threads);
    body();
  });
}

constexpr long LARGEST_NUMBER = 1 << 20;

/// FAISS divides by the numbers of a description, loops until they are reached, and allocates as many of a thing.
void require_moderate(const std::string &description) {
  require(description.size() <= 200, "the description is longer than 200 characters");
  for (size_t at = 0; at < description.size();) {
    if (!std::isdigit(static_cast<unsigned char>(description[at]))) {
      at++;
      continue;
    }
    size_t end = at;
    while (end < description.size() && std::isdigit(static_cast<unsigned char>(description[end]))) {
      end++;
    }
    bool moderate = end - at <= 7;
    long number = moderate ? std::stol(description.substr(at, end - at)) : 0;
    require(moderate && number >= 1 && number <= LARGEST_NUMBER,
            "a number in the description is 0 or above 1048576");
    bool links = at >= 4 && description.compare(at - 4, 4, "HNSW") == 0;
    require(!links || number >= 2, "a graph needs at least 2 links a row");
    at = end;
  }
}

} // namespace

int32_t umem_faiss_abi(void) { return UMEM_FAISS_ABI; }

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const char *umem_faiss_version(void) {
  return TEXT(FAISS_VERSION_MAJOR) "." TEXT(FAISS_VERSION_MINOR) "." TEXT(FAISS_VERSION_PATCH);
}

const char *umem_faiss_level(void) {
#if defined(__AVX512F__)
  return "avx512";
#elif defined(__AVX2__)
  return "avx2";
#else
  return "generic";
#endif
}

const char *umem_faiss_error(void) { return last_error.c_str(); }

int32_t umem_faiss_set_threads(int32_t threads) {
  return guarded([&] {
    require(threads >= 1, "the number of threads is below 1");
    call_threads = threads;
    openblas_set_num_threads(1);
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
    *index = handle(prepared(std::move(mapped)));
  });
}

int32_t umem_faiss_create(int32_t dimension, const char *description, int32_t metric, umem_faiss_index **index) {
  return guarded([&] {
    require(dimension >= 1, "the dimension is below 1");
    require(description != nullptr, "description is null");
    require(index != nullptr, "index is null");
    require(metric == UMEM_FAISS_INNER_PRODUCT || metric == UMEM_FAISS_L2, "the metric is unknown");
    faiss::MetricType type = metric == UMEM_FAISS_L2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    require_moderate(description);
    std::unique_ptr<faiss::Index> made(faiss::index_factory(dimension, description, type));
    FAISS_THROW_IF_NOT_MSG(made != nullptr, "the description makes no index");
    faiss::IndexIVF *lists = lists_with_ids(made.get());
    if (lists != nullptr && (operations_of(made.get()) & UMEM_FAISS_CAN_REMOVE) != 0) {
      lists->set_direct_map_type(faiss::DirectMap::Hashtable);
    }
    *index = handle(prepared(std::move(made)));
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

int32_t umem_faiss_metric(const umem_faiss_index *index, int32_t *metric) {
  return guarded([&] {
    require(metric != nullptr, "metric is null");
    *metric = of(index)->metric_type == faiss::METRIC_L2 ? UMEM_FAISS_L2 : UMEM_FAISS_INNER_PRODUCT;
  });
}

int32_t umem_faiss_operations(const umem_faiss_index *index, int32_t *operations) {
  return guarded([&] {
    require(operations != nullptr, "operations is null");
    *operations = operations_of(of(index));
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
  return computed(n, [&] {
    faiss::Index *i = of(index);
    require_rows(n, rows);
    require(n >= 1, "there is no row to train with");
    i->train(n, rows);
  });
}

int32_t umem_faiss_add(umem_faiss_index *index, int64_t n, const float *rows, const int64_t *ids) {
  return computed(n, [&] {
    faiss::Index *i = of(index);
    require_rows(n, rows);
    require(n == 0 || ids != nullptr, "ids is null");
    require(i->is_trained, "the index has to be trained before rows are added");
    require_operation(i, UMEM_FAISS_CAN_ADD, "add rows under ids of the caller; begin its description with IDMap2,");
    for (int64_t row = 0; row < n; row++) {
      // -1 marks "no such row" in results.
      require(ids[row] >= 0, "an id is negative");
    }
    if (n > 0) {
      i->add_with_ids(n, rows, ids);
    }
  });
}

int32_t umem_faiss_remove(umem_faiss_index *index, int64_t n, const int64_t *ids, int64_t *removed) {
  return computed(n, [&] {
    faiss::Index *i = of(index);
    require(n >= 0, "the number of ids is negative");
    require(n == 0 || ids != nullptr, "ids is null");
    require(removed != nullptr, "removed is null");
    require_operation(i, UMEM_FAISS_CAN_REMOVE, "remove rows");
    const faiss::IndexIVF *lists = lists_with_ids(i);
    if (n == 0) {
      *removed = 0;
    } else if (lists != nullptr && lists->direct_map.type == faiss::DirectMap::Hashtable) {
      *removed = i->remove_ids(faiss::IDSelectorArray(n, ids));
    } else {
      *removed = i->remove_ids(faiss::IDSelectorBatch(n, ids));
    }
  });
}

int32_t umem_faiss_set(umem_faiss_index *index, const char *name, double value) {
  return guarded([&] {
    faiss::Index *i = of(index);
    require(name != nullptr, "name is null");
    std::string key(name);
    require(key != "verbose", "verbose would write to standard output");
    bool zero = key == "ht" || key == "max_codes";
    double largest = zero ? std::numeric_limits<int32_t>::max() : LARGEST_NUMBER;
    require(value >= (zero ? 0 : 1) && value <= largest && value == std::floor(value),
            "the value is not a whole number in the parameter's range");
    faiss::ParameterSpace().set_index_parameter(i, key, value);
  });
}

int32_t umem_faiss_search(const umem_faiss_index *index, int64_t n, const float *queries, int64_t k, float *scores,
                          int64_t *ids) {
  return computed(n, [&] {
    const faiss::Index *i = of(index);
    require_rows(n, queries);
    require(k >= 1, "k is below 1");
    require(n == 0 || (scores != nullptr && ids != nullptr), "scores or ids is null");
    require(n == 0 || k <= std::numeric_limits<int64_t>::max() / 8 / n, "n * k is too large");
    require(i->is_trained, "the index has to be trained before it is searched");
    if (n > 0) {
      i->search(n, queries, k, scores, ids);
    }
  });
}

int32_t umem_faiss_range(const umem_faiss_index *index, int64_t n, const float *queries, float limit,
                         umem_faiss_hits **hits) {
  return computed(n, [&] {
    const faiss::Index *i = of(index);
    require_rows(n, queries);
    require(hits != nullptr, "hits is null");
    require(!std::isnan(limit), "the limit is not a number");
    require(i->is_trained, "the index has to be trained before it is searched");
    require_operation(i, UMEM_FAISS_CAN_RANGE, "find all rows within a limit");
    auto found = std::make_unique<faiss::RangeSearchResult>(n);
    if (n > 0) {
      i->range_search(n, queries, limit, found.get());
    } else {
      found->lims[0] = 0;
    }
    *hits = reinterpret_cast<umem_faiss_hits *>(found.release());
  });
}

int32_t umem_faiss_hits_get(const umem_faiss_hits *hits, const uint64_t **limits, const int64_t **ids,
                            const float **scores) {
  return guarded([&] {
    require(hits != nullptr, "hits is null");
    require(limits != nullptr && ids != nullptr && scores != nullptr, "limits, ids or scores is null");
    const auto *found = reinterpret_cast<const faiss::RangeSearchResult *>(hits);
    *limits = found->lims;
    *ids = found->labels;
    *scores = found->distances;
  });
}

int32_t umem_faiss_hits_free(umem_faiss_hits *hits) {
  return guarded([&] {
    require(hits != nullptr, "hits is null");
    delete reinterpret_cast<faiss::RangeSearchResult *>(hits);
  });
}

int32_t umem_faiss_contains(const umem_faiss_index *index, int64_t id, int32_t *contains) {
  return guarded([&] {
    const faiss::Index *i = of(index);
    require(contains != nullptr, "contains is null");
    require_operation(i, UMEM_FAISS_CAN_CONTAIN, "tell which ids it has");
    if (const auto *mapped = dynamic_cast<const faiss::IndexIDMap2 *>(i)) {
      *contains = mapped->rev_map.count(id) == 0 ? 0 : 1;
    } else {
      *contains = lists_with_ids(i)->direct_map.hashtable.count(id) == 0 ? 0 : 1;
    }
  });
}

int32_t umem_faiss_reconstruct(const umem_faiss_index *index, int64_t id, float *row) {
  return guarded([&] {
    const faiss::Index *i = of(index);
    require(row != nullptr, "row is null");
    require_operation(i, UMEM_FAISS_CAN_RECONSTRUCT, "give rows back");
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
    const faiss::Index *i = of(index);
    std::unique_ptr<FILE, decltype(&fclose)> file(std::fopen(path, "wb"), &fclose);
    FAISS_THROW_IF_NOT_FMT(file != nullptr, "%s: %s", path, std::strerror(errno));
    faiss::FileIOWriter writer(file.get());
    faiss::write_index(i, &writer);
    // By a path FAISS would close the file itself, and keep a full disk to itself.
    FAISS_THROW_IF_NOT_FMT(std::fclose(file.release()) == 0, "%s: %s", path, std::strerror(errno));
  });
}

int32_t umem_faiss_read(const char *path, umem_faiss_index **index) {
  return guarded([&] {
    require(path != nullptr, "path is null");
    require(index != nullptr, "index is null");
    std::unique_ptr<faiss::Index> read(faiss::read_index(path));
    FAISS_THROW_IF_NOT_MSG(read != nullptr, "the file holds no index");
    require_sound(read.get());
    *index = handle(prepared(std::move(read)));
  });
}

int32_t umem_faiss_gpus(int32_t *count) {
  return guarded([&] {
    require(count != nullptr, "count is null");
#ifdef UMEM_FAISS_GPU
    *count = faiss::gpu::getNumDevices();
#else
    *count = 0;
#endif
  });
}

int32_t umem_faiss_to_gpu(const umem_faiss_index *index, int32_t gpu, umem_faiss_index **copy) {
  return guarded([&] {
    const faiss::Index *i = of(index);
    require(copy != nullptr, "copy is null");
    require(gpu >= 0, "the GPU's number is negative");
#ifdef UMEM_FAISS_GPU
    FAISS_THROW_IF_NOT_FMT(gpu < faiss::gpu::getNumDevices(), "there is no GPU %d", gpu);
    // The copy holds the resources by a shared pointer of its own.
    faiss::gpu::StandardGpuResources resources;
    *copy = handle(std::unique_ptr<faiss::Index>(faiss::gpu::index_cpu_to_gpu(&resources, gpu, i)));
#else
    FAISS_THROW_FMT("an index of %d values a row cannot go to GPU %d: this FAISS was built for the CPU alone", i->d, gpu);
#endif
  });
}
