/* The arithmetic of a transformer encoder on a CPU, in float32.
 *
 * Every element of every result is computed by one fixed sequence of operations, the same for each instruction set and
 * wherever the element lies: a product is one chain of fused multiply-adds over k that begins with the bias, a sum over
 * a row runs in 16 lanes that are added as a tree. So results are equal bit for bit, whatever is computed beside them,
 * by how many threads, and on which of these CPUs.
 *
 * Matrices are row-major; a stride is the distance of two rows in floats. No function allocates, keeps a pointer, or
 * checks an argument: the caller does. All are safe for any number of threads that write to different places.
 */
#ifndef UMEM_KERNELS_H
#define UMEM_KERNELS_H

#include <stdint.h>

#define UMEM_KERNELS_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this ABI; changes whenever a function changes its form. */
#define UMEM_KERNELS_ABI 1
UMEM_KERNELS_API int32_t umem_kernels_abi(void);

/* Instruction sets, from the slowest. The portable one needs a CPU with fused multiply-add to be fast. */
enum umem_kernels_isa { UMEM_KERNELS_PORTABLE = 0, UMEM_KERNELS_AVX2 = 1, UMEM_KERNELS_AVX512 = 2 };

/* Whether the library has kernels for an instruction set and this CPU can run them. */
UMEM_KERNELS_API int32_t umem_kernels_supports(int32_t isa);

/* Columns of a panel. A packed matrix of n columns and k rows is ceil(n / 16) panels of k rows of 16 floats; what is
 * beyond column n is 0. */
#define UMEM_KERNELS_PANEL 16

enum umem_kernels_activation { UMEM_KERNELS_LINEAR = 0, UMEM_KERNELS_GELU = 1 };

/* c = activation(a * b + bias): m x n, of a: m x k and b: k x n, packed.
 *
 * bias: n floats rounded up to whole panels, or null for zeros. activation: of enum umem_kernels_activation, where GELU
 * is x * (1 + erf(x / sqrt(2))) / 2. */
UMEM_KERNELS_API void umem_kernels_multiply(int32_t isa, int64_t m, int64_t n, int64_t k, const float *a,
                                            int64_t a_stride, const float *b, const float *bias, float *c,
                                            int64_t c_stride, int32_t activation);

/* Packs weights: source is n x k without gaps (one row an output), packed receives n columns and k rows. */
UMEM_KERNELS_API void umem_kernels_pack(int64_t n, int64_t k, const float *source, float *packed);

/* Asks the system for large pages under memory that is yet to be written: weights are read from end to end. A hint. */
UMEM_KERNELS_API void umem_kernels_prefer_large_pages(void *start, int64_t bytes);

/* out = (y - mean(y)) / sqrt(variance(y) + epsilon) * weight + bias for each row of y = x + residual.
 *
 * x, residual, out: m x n without gaps; out may be x. weight, bias: n. */
UMEM_KERNELS_API void umem_kernels_normalise(int32_t isa, int64_t m, int64_t n, const float *x, const float *residual,
                                             const float *weight, const float *bias, float epsilon, float *out);

/* Self-attention of one text, every token to every token: out = softmax(q * k^T * scale) * v for each head.
 *
 * q, k, v: tokens x (heads * width), a head beside the other, all with the stride qkv_stride. out: the same form.
 * scratch: as many floats as umem_kernels_attention_scratch() says. */
UMEM_KERNELS_API int64_t umem_kernels_attention_scratch(int64_t tokens, int64_t width);
UMEM_KERNELS_API void umem_kernels_attend(int32_t isa, int64_t tokens, int64_t heads, int64_t width, const float *q,
                                          const float *k, const float *v, int64_t qkv_stride, float scale,
                                          float *scratch, float *out, int64_t out_stride);

#ifdef __cplusplus
}
#endif

#endif
