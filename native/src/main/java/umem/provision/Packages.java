package umem.provision;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/// The package clients of the machine, each with the mirrors and the configuration that its user gave it. Nothing is
/// installed: each method leaves one file in a folder.
interface Packages {
    /// Downloads a wheel.
    ///
    /// @param folder empty; the client may leave other things in it
    /// @param fetched hears how many bytes are in the folder
    /// @return the wheel, in the folder
    Path wheel(String name, String version, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable;

    /// Downloads the archive of an npm package. Parameters as in [#wheel].
    Path npm(String name, String version, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable;

    /// Downloads the archive of a Debian source package. Parameters as in [#wheel].
    Path archive(Source.Debian source, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable;

    /// Downloads a jar, or copies it out of the local repository. Parameters as in [#wheel].
    Path jar(Source.Maven jar, Path folder, LongConsumer fetched) throws IOException, SourceUnavailable;
}
