package umem.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;
import umem.bench.peer.Search;
import umem.bench.peer.SearchEngine;
import umem.bench.peer.SearchIndex;
import umem.bench.peer.Vectors;

/// Lucene's HNSW graph with the default format (16 links, beam 100), merged into one segment, mapped from a temporary
/// folder. Searched without the query layer above it.
public final class LuceneGraph implements SearchEngine {
    private static final String FIELD = "vector";
    private static final int BUFFER_MB = 1500;

    /// For the service loader.
    public LuceneGraph() {}

    @Override
    public String name() {
        return "lucene-hnsw";
    }

    @Override
    public String version() {
        return Version.LATEST.toString();
    }

    @Override
    public Kind kind() {
        return Kind.GRAPH;
    }

    @Override
    public boolean batches() {
        return false;
    }

    @Override
    public long heapBytes(int rows, int dimension) {
        return Math.min(rows * (4L * dimension + 256), BUFFER_MB << 20) + rows * 160L;
    }

    @Override
    public SearchIndex open(Vectors rows, Vectors queries, int k) {
        try {
            return new Opened(rows, queries, k);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Opened implements SearchIndex {
        private final Path folder = Files.createTempDirectory("umem-bench-lucene");
        private final Directory directory = new MMapDirectory(folder);
        private final DirectoryReader reader;
        private final float[][] queries;
        private final int k;

        Opened(Vectors rows, Vectors queries, int k) throws IOException {
            this.queries = LuceneScan.arrays(queries);
            this.k = k;
            IndexWriterConfig config = new IndexWriterConfig()
                    .setRAMBufferSizeMB(BUFFER_MB)
                    .setUseCompoundFile(false)
                    .setMergeScheduler(new SerialMergeScheduler());
            try (IndexWriter writer = new IndexWriter(directory, config)) {
                for (int row = 0; row < rows.count(); row++) {
                    Document document = new Document();
                    document.add(new KnnFloatVectorField(FIELD, rows.row(row), VectorSimilarityFunction.DOT_PRODUCT));
                    writer.addDocument(document);
                }
                writer.forceMerge(1);
            }
            reader = DirectoryReader.open(directory);
            if (reader.leaves().size() != 1) {
                throw new IllegalStateException(reader.leaves().size() + " segments");
            }
        }

        @Override
        public Search search(int batch, int effort) {
            LeafReader leaf = reader.leaves().getFirst().reader();
            AcceptDocs all = AcceptDocs.fromLiveDocs(null, leaf.maxDoc());
            return (first, ids) -> {
                for (int i = 0; i < batch; i++) {
                    TopKnnCollector collector = new TopKnnCollector(effort, Integer.MAX_VALUE);
                    ScoreDoc[] found;
                    try {
                        leaf.searchNearestVectors(FIELD, queries[first + i], collector, all);
                        found = collector.topDocs().scoreDocs;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    // One segment in the order of addition: a document's number is its row.
                    for (int rank = 0; rank < k; rank++) {
                        ids[i * k + rank] = rank < found.length ? found[rank].doc : -1;
                    }
                }
            };
        }

        @Override
        public void close() {
            try {
                reader.close();
                directory.close();
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
