package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import umem.bindings.faiss.FaissHits;
import umem.bindings.faiss.FaissIndex;
import umem.bindings.faiss.FaissLibrary;
import umem.engine.testing.Seed;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

/// The oracle is the exact index of FAISS: the same rows in the same order, with the same scores but for rounding.
class FlatIndexAgainstFaissTest {
    private static final int K = 10;

    private static FaissLibrary library;

    @BeforeAll
    static void load() {
        library = FaissLibrary.load(
                Provision.standard(Progress.silent()).libraries(Accelerator.CPU).faiss());
    }

    @Test
    void agreesOnRandomRows() throws Exception {
        Seed.run(random -> {
            for (int dimension : new int[] {1, 15, 128, 384}) {
                float[][] rows = new float[1 + random.nextInt(3000)][];
                Arrays.setAll(rows, i -> FlatIndexTest.unit(random, dimension));
                float[][] queries = new float[1 + random.nextInt(40)][];
                Arrays.setAll(queries, i -> FlatIndexTest.unit(random, dimension));
                assertAgreement(rows, queries, 2e-6);
            }
        });
    }

    @Test
    void agreesOnClusters() throws Exception {
        Seed.run(random -> {
            float[][] centres = new float[40][];
            Arrays.setAll(centres, i -> FlatIndexTest.unit(random, 384));
            float[][] rows = new float[4000][];
            Arrays.setAll(rows, i -> near(random, centres[i % centres.length]));
            float[][] queries = new float[30][];
            Arrays.setAll(queries, i -> near(random, centres[random.nextInt(centres.length)]));
            assertAgreement(rows, queries, 2e-6);
        });
    }

    /// Descriptors of images: whole numbers, so that every score is exact in float32.
    @Test
    void agreesOnBigann() throws IOException {
        Path folder = Path.of("../../shared/data/ann");
        assumeTrue(Files.isDirectory(folder), "skipped: the BIGANN rows are not beside this checkout");
        assertAgreement(
                bvecs(folder.resolve("bigann10k_base.bvecs")), bvecs(folder.resolve("bigann10k_query.bvecs")), 0);
    }

    /// A unit vector whose cosine with the centre is about 0.9.
    private static float[] near(Random random, float[] centre) {
        float[] noise = FlatIndexTest.unit(random, centre.length);
        float[] row = new float[centre.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = centre[i] + 0.5f * noise[i];
        }
        float norm = (float) Math.sqrt(FlatIndexTest.dot(row, row));
        for (int i = 0; i < row.length; i++) {
            row[i] /= norm;
        }
        return row;
    }

    /// @param tolerance how far two scores of one row may differ
    private static void assertAgreement(float[][] rows, float[][] queries, double tolerance) {
        int dimension = rows[0].length;
        try (FlatIndex flat = new FlatIndex(dimension);
                FaissIndex faiss = FaissIndex.flat(library, dimension)) {
            long[] ids = new long[rows.length];
            for (int i = 0; i < rows.length; i++) {
                ids[i] = 3L * i;
                flat.add(ids[i], rows[i]);
            }
            faiss.add(joined(rows), ids);
            FaissHits expected = faiss.search(joined(queries), K);
            assertThat(expected.k()).isEqualTo(Math.min(K, rows.length));
            for (int q = 0; q < queries.length; q++) {
                List<Hit> hits = flat.search(queries[q], K, Float.NEGATIVE_INFINITY);
                assertThat(hits).hasSize(expected.k());
                for (int i = 0; i < hits.size(); i++) {
                    int at = q * expected.k() + i;
                    Hit hit = hits.get(i);
                    assertThat((double) hit.score()).isCloseTo(expected.scores()[at], within(tolerance));
                    if (hit.id() != expected.ids()[at]) {
                        // Only rows whose scores no float32 sum tells apart may change places.
                        double mine = FlatIndexTest.dot(rows[(int) (hit.id() / 3)], queries[q]);
                        double theirs = FlatIndexTest.dot(rows[(int) (expected.ids()[at] / 3)], queries[q]);
                        assertThat(mine).isCloseTo(theirs, within(tolerance));
                    }
                }
            }
        }
    }

    private static float[] joined(float[][] rows) {
        float[] all = new float[rows.length * rows[0].length];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, all, i * rows[i].length, rows[i].length);
        }
        return all;
    }

    /// Vectors as the BIGANN files hold them: an int32 length, then as many unsigned bytes.
    private static float[][] bvecs(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int dimension = bytes.getInt(0);
        float[][] rows = new float[bytes.capacity() / (4 + dimension)][dimension];
        for (float[] row : rows) {
            assertThat(bytes.getInt()).isEqualTo(dimension);
            for (int i = 0; i < dimension; i++) {
                row[i] = Byte.toUnsignedInt(bytes.get());
            }
        }
        return rows;
    }
}
