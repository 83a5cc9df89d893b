/// What the engine is compared with.
@NullMarked
package umem.bench.peers;

import org.jspecify.annotations.NullMarked;
