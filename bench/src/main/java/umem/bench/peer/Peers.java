package umem.bench.peer;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The peers that are here.
///
/// They live in a folder of their own, outside the application: users don't need Lucene to run UMEM. The folder is
/// filled by `mvn -Ppeers package`; where it is absent so are the peers, and everything else is measured all the same.
///
/// @param search search engines
/// @param encoders encoders
/// @param absent why none are here; empty when they are
public record Peers(List<SearchEngine> search, List<EncoderEngine> encoders, String absent) {
    private static final String BUILD = "mvn -q -Ppeers -Dquick -DskipTests -Dumem.skipSetup=true package";

    /// No peers.
    ///
    /// @param why one line
    public static Peers none(String why) {
        return new Peers(List.of(), List.of(), why);
    }

    /// Those of the source tree that the program runs from, as the launcher names it.
    public static Peers standard() {
        String home = System.getProperty("umem.home");
        return home == null
                ? none("the program does not run from a source tree, which holds them")
                : in(Path.of(home, "bench", "peers", "target", "peers"));
    }

    /// Those of a folder of jars.
    ///
    /// @throws UmemException of kind STORAGE if the folder cannot be read
    public static Peers in(Path folder) {
        if (!Files.isDirectory(folder)) {
            return none("they are not built; run `" + BUILD + "` (fetches 200 MB)");
        }
        ClassLoader loader = loader(folder);
        List<SearchEngine> search = all(SearchEngine.class, loader);
        List<EncoderEngine> encoders = all(EncoderEngine.class, loader);
        return search.isEmpty() && encoders.isEmpty()
                ? none(folder + " holds none; run `" + BUILD + "`")
                : new Peers(search, encoders, "");
    }

    /// Why a peer cannot be used, in a few words: what lies beneath its failure.
    public static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
    }

    private static <T> List<T> all(Class<T> kind, ClassLoader loader) {
        return ServiceLoader.load(kind, loader).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /// Lives as long as the process, like the native libraries that the peers load.
    private static ClassLoader loader(Path folder) {
        List<URL> jars = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".jar")).sorted().toList()) {
                jars.add(url(file));
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.STORAGE, folder + " cannot be read: " + e, e);
        }
        return new URLClassLoader("peers", jars.toArray(URL[]::new), Peers.class.getClassLoader());
    }

    private static URL url(Path file) throws MalformedURLException {
        return file.toUri().toURL();
    }
}
