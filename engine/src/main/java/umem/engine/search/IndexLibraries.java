package umem.engine.search;

import umem.bindings.faiss.FaissLibrary;
import umem.bindings.ggml.Backend;

/// The native libraries that some kinds of index need, loaded when they are asked for.
public interface IndexLibraries {

    /// FAISS, for [ApproximateIndex].
    ///
    /// @throws umem.error.UmemException of kind SETUP or NATIVE if it cannot be had
    FaissLibrary faiss();

    /// A GPU, for [DeviceIndex]; it stays its owner's and outlives the index.
    ///
    /// @throws umem.error.UmemException of kind SETUP or NATIVE if there is none, with the reason
    Backend gpu();
}
