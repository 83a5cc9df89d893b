package umem.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import umem.bindings.faiss.FaissLibrary;
import umem.bindings.ggml.Backend;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;
import umem.provision.Accelerator;
import umem.provision.Progress;
import umem.provision.Provision;

class IndexKindTest {

    @ParameterizedTest
    @CsvSource({"auto, flat float32", "flat, flat float32", "int8, 'flat int8, rescored'", "bf16, 'flat bf16, rescored'"
    })
    void opensWhatIsAskedFor(String text, String description) {
        try (VectorIndex index = IndexKind.parse(text).open(3, 2, null)) {
            index.add(7, new float[] {1, 2, 3});
            assertThat(index.description()).isEqualTo(description);
            assertThat(index.search(new float[] {1, 1, 1}, 2, 0)).containsExactly(new Hit(7, 6));
        }
    }

    @Test
    void choosesCodesForManyValues() {
        int dimension = 4096;
        try (VectorIndex index = IndexKind.AUTO.open(dimension)) {
            float[] row = new float[dimension];
            for (int id = 0; id <= IndexKind.AUTOMATIC_VALUES / dimension; id++) {
                assertThat(index.description()).isEqualTo("flat float32");
                row[0] = id;
                index.add(id, row);
            }
            // The rows that are there already are coded 16 a change, and searched by codes in chunks of 1,024.
            for (int change = 0; change < RowStore.ROWS / 16; change++) {
                index.update(0, row);
            }
            assertThat(index.description()).isEqualTo("flat int8, rescored");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "flat", "int8", "bf16"})
    void loadsWhatAnyKindSaved(String text, @TempDir Path folder) throws Exception {
        Seed.run(random -> {
            Path file = folder.resolve(text);
            try (VectorIndex saved = IndexKind.parse(text).open(100)) {
                for (long id = 0; id < 3000; id++) {
                    saved.add(id, FlatIndexTest.unit(random, 100));
                }
                saved.save(file);
                for (String other : List.of("auto", "flat", "int8", "bf16")) {
                    try (VectorIndex loaded = IndexKind.parse(other).load(file, 1, null)) {
                        float[] query = FlatIndexTest.unit(random, 100);
                        assertThat(loaded.search(query, 10, -2)).isEqualTo(saved.search(query, 10, -2));
                    }
                }
            }
        });
    }

    @Test
    void saysWhatThereIs() {
        assertThatThrownBy(() -> IndexKind.parse("hnsw"))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.USAGE))
                .hasMessage(
                        "there is no index of kind \"hnsw\"; choose auto, flat, int8, bf16, cuda, faiss or faiss:FACTORY, such as"
                                + " faiss:HNSW32");
        assertThatIllegalArgumentException().isThrownBy(() -> IndexKind.FLAT.open(3, 0, null));
    }

    @Test
    void approximateAndGpuKindsNeedTheirLibraries() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexKind.parse("faiss").open(3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IndexKind.parse("cuda").open(3));
        assertThatThrownBy(() -> IndexKind.parse("faiss:")).isInstanceOf(UmemException.class);
        IndexLibraries libraries = new IndexLibraries() {
            @Override
            public FaissLibrary faiss() {
                return FaissLibrary.load(Provision.standard(Progress.silent())
                        .libraries(Accelerator.CPU)
                        .faiss());
            }

            @Override
            public Backend gpu() {
                throw new UmemException(ErrorKind.NATIVE, "there is no GPU");
            }
        };
        try (VectorIndex index = IndexKind.parse("faiss:HNSW16").open(3, 1, libraries)) {
            index.add(7, new float[] {1, 0, 0});
            assertThat(index.search(new float[] {1, 0, 0}, 1, 0)).containsExactly(new Hit(7, 1));
        }
        assertThatThrownBy(() -> IndexKind.parse("faiss:Nonsense").open(3, 1, libraries))
                .isInstanceOfSatisfying(
                        UmemException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.USAGE))
                .hasMessageStartingWith("FAISS makes no index \"Nonsense\" of 3 values");
        // Asked for by name, a GPU that is not there is no reason to search elsewhere.
        assertThatThrownBy(() -> IndexKind.parse("cuda").open(3, 1, libraries)).hasMessage("there is no GPU");
    }
}
