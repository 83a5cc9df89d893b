package umem.provision;

import com.fasterxml.jackson.annotation.JsonProperty;

/// One piece of a file that is spread over several wheels.
///
/// @param packageName the wheel's package
/// @param version its version
/// @param entry the entry of the wheel that holds the piece
/// @param size of the piece in bytes
/// @param sha256 of the piece
record Part(@JsonProperty("package") String packageName, String version, String entry, long size, String sha256) {}
