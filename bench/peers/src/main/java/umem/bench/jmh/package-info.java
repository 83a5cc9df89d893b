/// JMH benchmarks of what is too short for `umem bench`.
@NullMarked
package umem.bench.jmh;

import org.jspecify.annotations.NullMarked;
