package umem.provision;

import java.util.List;

/// A thing that the lock file pins: some bytes, known by their checksum, and where to get them.
///
/// @param name what users and code call it
/// @param version what its makers call this version
/// @param kind `libraries`, `accelerator`, `source`, `encoder` or `model`
/// @param licence SPDX identifiers
/// @param file the file's name
/// @param size of the file in bytes
/// @param sha256 of the file in lower-case hexadecimal
/// @param sources tried in this order
/// @param contents the entries to unpack where the file is an archive of which only these are kept; empty for a plain
///     file
record Artifact(
        String name,
        String version,
        String kind,
        String licence,
        String file,
        long size,
        String sha256,
        List<Source> sources,
        List<Content> contents) {

    /// An entry of an archive.
    ///
    /// @param entry its path in the archive
    /// @param file the name it gets
    record Content(String entry, String file, long size, String sha256) {}

    boolean isArchive() {
        return !contents.isEmpty();
    }

    /// The files that lie in the cache once the artifact is there.
    List<Content> files() {
        return isArchive() ? contents : List.of(new Content(file, file, size, sha256));
    }

    long filesSize() {
        return files().stream().mapToLong(Content::size).sum();
    }
}
