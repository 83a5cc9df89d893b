package umem.cli.command;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import umem.bindings.blas.Blas;
import umem.bindings.faiss.FaissLibrary;
import umem.bindings.kernels.KernelLibrary;
import umem.bindings.llama.LlamaLibrary;
import umem.engine.search.SearchKernels;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.NativeLibraries;
import umem.provision.Progress;
import umem.provision.Provision;
import umem.provision.Provisioned;

/// Looks the machine and the cache over. Fetches and builds nothing; loads the libraries that are there.
final class Examination {
    private static final Runtime.Version OLDEST_JDK = Runtime.Version.parse("25.0.3");
    private static final String FAISS = "faiss";

    private final List<Diagnosis.Problem> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Diagnosis.Library> libraries = new ArrayList<>();
    private final Provision provision;

    Examination() {
        this.provision = Provision.standard(new Progress() {
                    @Override
                    public void advance(String name, Stage stage, long done, long total) {}

                    @Override
                    public void note(String line) {
                        notes.add(line);
                    }
                })
                .withOffline(true);
    }

    Diagnosis diagnosis() {
        List<Provisioned> inventory = provision.inventory();
        boolean nativeAccess = LlamaLibrary.class.getModule().isNativeAccessEnabled();
        LlamaLibrary llama = nativeAccess ? llama(inventory) : null;
        if (nativeAccess) {
            faiss(inventory);
            kernels();
            Blas.installed()
                    .ifPresentOrElse(
                            blas -> notes.add("batch searches multiply with OpenBLAS: " + blas.configuration()),
                            () -> notes.add("batch searches multiply without OpenBLAS, slower: " + Blas.absence()));
        } else {
            problem(
                    ErrorKind.NATIVE,
                    "Java forbids native calls: start with the launcher `umem`, or with"
                            + " --enable-native-access=umem.bindings");
        }
        Diagnosis.Jdk jdk = jdk();
        if (!jdk.suits()) {
            problem(
                    ErrorKind.SETUP,
                    "JDK " + jdk.version() + " is older than " + OLDEST_JDK
                            + ": install a newer one, or point JAVA_HOME at one");
        }
        int vectorBits = SearchKernels.current().vectorBits();
        if (vectorBits == 0) {
            notes.add("searches use scalar code: the CPU has no vectors of 128 bits, or Java runs without"
                    + " --add-modules jdk.incubator.vector");
        }
        return new Diagnosis(
                jdk,
                nativeAccess,
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize(),
                vectorBits,
                llama == null ? null : llama.hasGpu() ? "cuda" : "cpu",
                llama == null ? null : llama.cpuVariant(),
                llama == null ? List.of() : llama.devices(),
                List.copyOf(libraries),
                models(inventory),
                cache(),
                List.copyOf(notes),
                List.copyOf(problems));
    }

    private void problem(ErrorKind kind, String text) {
        problems.add(new Diagnosis.Problem(kind, text));
    }

    private static Diagnosis.Jdk jdk() {
        return new Diagnosis.Jdk(
                Runtime.version().toString(),
                System.getProperty("java.vendor"),
                System.getProperty("java.home"),
                Runtime.version().compareToIgnoreOptional(OLDEST_JDK) >= 0);
    }

    private @Nullable LlamaLibrary llama(List<Provisioned> inventory) {
        List<String> damage = inventory.stream()
                .filter(p -> p.sha256() != null
                        && (p.kind().equals("libraries") || p.kind().equals("accelerator")))
                .flatMap(p -> provision.verify(p.name()).stream())
                .toList();
        if (!damage.isEmpty()) {
            // Loading what is damaged could end the process.
            damage.forEach(line ->
                    problem(ErrorKind.NATIVE, line + "; the next command that needs it fetches it again, online"));
            return null;
        }
        Path folder;
        try {
            folder = provision.llama(Accelerator.AUTO);
        } catch (UmemException e) {
            if (e.kind() != ErrorKind.SETUP) {
                problem(e.kind(), String.valueOf(e.getMessage()));
            } else {
                notes.add("llama.cpp is missing: it is fetched at its first use");
            }
            return null;
        }
        try {
            LlamaLibrary llama = LlamaLibrary.load(new NativeLibraries(folder, folder));
            for (Path file : llama.mappedLibraries()) {
                libraries.add(
                        new Diagnosis.Library(String.valueOf(file.getFileName()), llama.version(), file, sha256(file)));
            }
            return llama;
        } catch (UmemException e) {
            problem(e.kind(), String.valueOf(e.getMessage()));
            libraries.add(new Diagnosis.Library("llama.cpp", null, folder, null));
            return null;
        }
    }

    private void faiss(List<Provisioned> inventory) {
        Optional<Provisioned> built = inventory.stream()
                .filter(p -> p.name().equals(FAISS) && p.present())
                .findFirst();
        if (built.isEmpty()) {
            notes.add("the C ABI over FAISS is missing: it is built at its first use");
            return;
        }
        Path file = built.get().path();
        String version = null;
        try {
            FaissLibrary faiss = FaissLibrary.load(file);
            version = faiss.version() + " (" + faiss.level() + ")";
        } catch (UmemException e) {
            problem(e.kind(), String.valueOf(e.getMessage()));
        }
        libraries.add(new Diagnosis.Library(String.valueOf(file.getFileName()), version, file, sha256(file)));
    }

    private void kernels() {
        Optional<Path> built = provision.builtKernels();
        if (built.isEmpty()) {
            notes.add(
                    "the encoder's kernels are missing: they are built at their first use; where there is no compiler,"
                            + " the encoder runs in llama.cpp, slower");
            return;
        }
        String instructions = null;
        try {
            instructions = KernelLibrary.load(built.get())
                    .kernels()
                    .instructionSet()
                    .name()
                    .toLowerCase(Locale.ROOT);
        } catch (UmemException e) {
            problem(e.kind(), String.valueOf(e.getMessage()));
        }
        libraries.add(new Diagnosis.Library(
                String.valueOf(built.get().getFileName()), instructions, built.get(), sha256(built.get())));
    }

    private static List<Diagnosis.Model> models(List<Provisioned> inventory) {
        return inventory.stream()
                .filter(p -> p.kind().equals("model") || p.kind().equals("encoder"))
                .map(p -> new Diagnosis.Model(p.name(), p.version(), p.present(), p.path(), p.size(), p.sha256()))
                .toList();
    }

    private Diagnosis.Cache cache() {
        Path folder = provision.cache();
        Path existing = folder;
        for (Path p = folder; p != null && !Files.isDirectory(existing); p = p.getParent()) {
            existing = p;
        }
        try {
            if (!Files.isWritable(existing)) {
                problem(
                        ErrorKind.STORAGE,
                        "nothing can be written to " + existing + ": change its permissions, or point UMEM_CACHE at"
                                + " another folder");
            }
            return new Diagnosis.Cache(
                    folder, sizeOf(folder), Files.getFileStore(existing).getUsableSpace());
        } catch (IOException e) {
            problem(ErrorKind.STORAGE, "cannot read " + folder + " (" + e + "): point UMEM_CACHE at another folder");
            return new Diagnosis.Cache(folder, 0, 0);
        }
    }

    private static long sizeOf(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        long[] sum = {0};
        // The folder of llama.cpp with CUDA holds second names of files.
        Set<Object> seen = new HashSet<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                Object key = attributes.fileKey();
                if (key == null || seen.add(key)) {
                    sum[0] += attributes.size();
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                // Gone already: another process works in the cache.
                return FileVisitResult.CONTINUE;
            }
        });
        return sum[0];
    }

    private static @Nullable String sha256(Path file) {
        try (InputStream in = Files.newInputStream(file);
                DigestInputStream digested = new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
            digested.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digested.getMessageDigest().digest());
        } catch (IOException e) {
            return null;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
