package umem.engine.embedding.bert;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import umem.bindings.kernels.Activation;
import umem.bindings.kernels.Kernels;
import umem.bindings.kernels.LayerNorm;
import umem.bindings.kernels.Matrix;
import umem.bindings.kernels.PackedMatrix;

/// The forward pass, and the memory of one batch. For one thread at a time.
///
/// The texts of a batch lie one behind the other as rows of tokens, `T` in all, without padding; only the attention
/// knows where one ends. With `N(.)` for layer normalisation a layer makes of the states `x: T x H`
///
/// ```
/// q, k, v = x Wq + bq, x Wk + bk, x Wv + bv              T x H each, side by side
/// a       = softmax(q k^T / sqrt(H / heads)) v           for each text and head
/// y       = N(a Wo + bo + x)
/// x       = N(gelu(y Wu + bu) Wd + bd + y)
/// ```
///
/// In the last layer, all that comes after the attention is computed for the wanted tokens only.
final class BertPass implements AutoCloseable {
    /// Rows and columns of a piece of a product: some tens of microseconds of work.
    private static final int PIECE_ROWS = 168;
    private static final int PIECE_COLUMNS = 96;
    private static final int PIECE_TOKENS = 32;

    private final BertWeights weights;
    private final Kernels kernels;
    private final WorkTeam team;
    private final int capacity;
    private final Arena arena = Arena.ofShared();
    private final Matrix states;
    private final Matrix projected;
    private final Matrix attended;
    private final Matrix sums;
    private final Matrix between;
    private final MemorySegment[] scratch;

    /// @param tokens most tokens of a batch
    /// @param longest most tokens of a text
    BertPass(BertWeights weights, Kernels kernels, WorkTeam team, int tokens, int longest) {
        this.weights = weights;
        this.kernels = kernels;
        this.team = team;
        this.capacity = tokens;
        BertShape shape = weights.shape();
        int width = shape.width();
        states = Matrix.allocate(arena, tokens, width);
        projected = Matrix.allocate(arena, tokens, 3 * width);
        attended = Matrix.allocate(arena, tokens, width);
        sums = Matrix.allocate(arena, tokens, width);
        between = Matrix.allocate(arena, tokens, shape.feedForward());
        scratch = new MemorySegment[team.size()];
        for (int member = 0; member < scratch.length; member++) {
            scratch[member] = arena.allocate(kernels.attentionScratch(longest, shape.headWidth()), 64);
        }
    }

    /// Most tokens of a batch.
    int capacity() {
        return capacity;
    }

    /// Computes a batch.
    ///
    /// @param texts the tokens of each text, 1 to [#capacity()] together, each in the vocabulary
    /// @return the states of the wanted tokens, text after text: one row a text, or one a token. Valid until the next
    ///     call
    Matrix compute(List<int[]> texts, PooledTokens wanted) {
        int[] starts = new int[texts.size() + 1];
        for (int i = 0; i < texts.size(); i++) {
            starts[i + 1] = starts[i] + texts.get(i).length;
        }
        int tokens = starts[texts.size()];
        embed(texts, starts);
        Matrix x = states.rows(0, tokens);
        for (BertLayer layer : weights.layers()) {
            Matrix mixed = attended.rows(0, tokens);
            multiply(x, layer.projections(), Activation.LINEAR, projected.rows(0, tokens));
            attend(starts, mixed);
            if (layer == weights.layers().getLast() && wanted != PooledTokens.ALL) {
                mixed = gather(mixed, starts, wanted);
                x = gather(x, starts, wanted);
            }
            int rows = x.rows();
            Matrix sum = sums.rows(0, rows);
            multiply(mixed, layer.output(), Activation.LINEAR, sum);
            normalise(sum, x, layer.attentionNorm(), x);
            Matrix inner = between.rows(0, rows);
            multiply(x, layer.up(), Activation.GELU, inner);
            multiply(inner, layer.down(), Activation.LINEAR, sum);
            normalise(sum, x, layer.outputNorm(), x);
        }
        return x;
    }

    private void embed(List<int[]> texts, int[] starts) {
        team.run(texts.size(), (text, member) -> {
            int[] tokens = texts.get(text);
            Matrix x = states.rows(starts[text], tokens.length);
            for (int i = 0; i < tokens.length; i++) {
                weights.tokens().row(tokens[i], x.floats(), 4L * i * x.stride());
            }
            kernels.normalise(x, weights.positions().rows(0, tokens.length), weights.norm(), x);
        });
    }

    private void attend(int[] starts, Matrix mixed) {
        BertShape shape = weights.shape();
        int width = shape.width();
        int headWidth = shape.headWidth();
        float scale = (float) (1 / Math.sqrt(headWidth));
        // Few calls where nobody shares the work, else enough pieces that all have some.
        int groups = team.size() == 1 ? 1 : Math.min(shape.heads(), 2 * team.size());
        team.run((starts.length - 1) * groups, (piece, member) -> {
            int text = piece / groups;
            int group = piece % groups;
            int head = shape.heads() * group / groups;
            int heads = shape.heads() * (group + 1) / groups - head;
            int from = head * headWidth;
            int columns = heads * headWidth;
            int tokens = starts[text + 1] - starts[text];
            Matrix qkv = projected.rows(starts[text], tokens);
            kernels.attend(
                    qkv.columns(from, columns),
                    qkv.columns(width + from, columns),
                    qkv.columns(2 * width + from, columns),
                    heads,
                    scale,
                    scratch[member],
                    mixed.rows(starts[text], tokens).columns(from, columns));
        });
    }

    /// Moves the rows of pooled tokens to the front, in place: none moves backwards.
    private static Matrix gather(Matrix rows, int[] starts, PooledTokens wanted) {
        long bytes = 4L * rows.columns();
        for (int text = 0; text < starts.length - 1; text++) {
            int row = wanted == PooledTokens.FIRST ? starts[text] : starts[text + 1] - 1;
            MemorySegment.copy(rows.floats(), row * bytes, rows.floats(), text * bytes, bytes);
        }
        return rows.rows(0, starts.length - 1);
    }

    private void multiply(Matrix a, PackedMatrix b, Activation activation, Matrix c) {
        if (team.size() == 1) {
            kernels.multiply(a, b, activation, c);
            return;
        }
        int down = (a.rows() + PIECE_ROWS - 1) / PIECE_ROWS;
        int across = (b.outputs() + PIECE_COLUMNS - 1) / PIECE_COLUMNS;
        team.run(down * across, (piece, member) -> {
            int row = piece / across * PIECE_ROWS;
            int rows = Math.min(PIECE_ROWS, a.rows() - row);
            int column = piece % across * PIECE_COLUMNS;
            int columns = Math.min(PIECE_COLUMNS, b.outputs() - column);
            kernels.multiply(
                    a.rows(row, rows),
                    b.outputs(column, columns),
                    activation,
                    c.rows(row, rows).columns(column, columns));
        });
    }

    private void normalise(Matrix x, Matrix residual, LayerNorm norm, Matrix out) {
        int pieces = (x.rows() + PIECE_TOKENS - 1) / PIECE_TOKENS;
        team.run(pieces, (piece, member) -> {
            int row = piece * PIECE_TOKENS;
            int rows = Math.min(PIECE_TOKENS, x.rows() - row);
            kernels.normalise(x.rows(row, rows), residual.rows(row, rows), norm, out.rows(row, rows));
        });
    }

    @Override
    public void close() {
        arena.close();
    }
}
