package umem.provision;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One thing that set-up provides, and whether it is here: a line of `umem doctor`.
///
/// @param name the name in the lock file
/// @param version what its makers call this version
/// @param kind `libraries`, `accelerator`, `source`, `encoder` or `model`
/// @param sha256 of the file or archive in lower-case hexadecimal; null for a system package, whose own client checks
///     it
/// @param size of the file or archive in bytes, 0 for a system package
/// @param licence SPDX identifiers
/// @param path where it lies, or will lie: a file, or the folder an archive is unpacked to
/// @param present true when it is there and whole as far as sizes and the recorded check tell
public record Provisioned(
        String name,
        String version,
        String kind,
        @Nullable String sha256,
        long size,
        String licence,
        Path path,
        boolean present) {}
