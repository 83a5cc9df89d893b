package umem.engine.embedding.convert;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import umem.engine.embedding.convert.OnnxFile.Node;
import umem.engine.embedding.convert.OnnxFile.Tensor;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// What a BERT encoder's ONNX graph says: its weights under their Hugging Face names, and the numbers that shape them.
///
/// Exporters keep the names of embeddings, norms and biases, but fold the transposition of a linear layer's weight into
/// the weight and call it `onnx::MatMul_1525`. It is found by its use: the product's only consumer adds the bias, whose
/// name is kept.
final class BertGraph {
    private static final String WORDS = "embeddings.word_embeddings.weight";
    private static final int MAX_LAYERS = 512;

    private final OnnxFile file;
    private final String prefix;
    private final Map<String, List<Node>> consumers = new HashMap<>();
    private final Map<String, Node> producers = new HashMap<>();
    /// For each bias, the initialiser that its linear layer multiplies by.
    private final Map<String, Tensor> products = new HashMap<>();
    private final Set<String> taken = new HashSet<>();

    /// @throws UmemException of kind MODEL if the graph is not BERT's
    BertGraph(OnnxFile file) {
        this.file = file;
        this.prefix = file.initialisers().keySet().stream()
                .filter(name -> name.equals(WORDS) || name.endsWith("." + WORDS))
                .findFirst()
                .map(name -> name.substring(0, name.length() - WORDS.length()))
                .orElseThrow(() -> refused("it has no " + WORDS));
        for (Node node : file.nodes()) {
            node.inputs()
                    .forEach(input -> consumers
                            .computeIfAbsent(input, key -> new ArrayList<>())
                            .add(node));
            node.outputs().forEach(output -> producers.put(output, node));
        }
        for (Node node : file.nodes()) {
            if (node.operator().equals("MatMul") && node.inputs().size() == 2) {
                Tensor weight = file.initialisers().get(node.inputs().get(1));
                String bias = biasAfter(node);
                if (weight != null && bias != null) {
                    products.put(bias, weight);
                }
            }
        }
    }

    private @Nullable String biasAfter(Node product) {
        List<Node> users = consumers.getOrDefault(product.outputs().getFirst(), List.of());
        if (users.size() != 1 || !users.getFirst().operator().equals("Add")) {
            return null;
        }
        return users.getFirst().inputs().stream()
                .filter(name -> file.initialisers().containsKey(name))
                .findFirst()
                .orElse(null);
    }

    /// Number of layers, 1 to 512.
    int layers() {
        int layers = 0;
        while (file.initialisers().containsKey(prefix + "encoder.layer." + layers + ".output.dense.bias")) {
            layers++;
        }
        if (layers < 1 || layers > MAX_LAYERS) {
            throw refused("it has " + layers + " layers named encoder.layer.N");
        }
        return layers;
    }

    /// A matrix of `columns` columns, such as an embedding table.
    Weights table(String name, int columns) {
        Tensor tensor = float32(name);
        if (tensor.shape().length != 2 || columns > 0 && tensor.shape()[1] != columns) {
            throw refused(name + " is not a table" + (columns > 0 ? " of width " + columns : ""));
        }
        return weights(name, tensor, tensor.shape()[0], tensor.shape()[1], false);
    }

    /// A vector of `length` values.
    Weights vector(String name, int length) {
        Tensor tensor = float32(name);
        if (tensor.shape().length != 1 || tensor.shape()[0] != length) {
            throw refused(name + " is not a vector of length " + length);
        }
        return weights(name, tensor, 1, length, false);
    }

    /// The weight of a linear layer, as `output x input`.
    ///
    /// @param name of the layer, without `.weight`
    /// @param outputs its width, or 0 for any
    Weights linear(String name, int outputs, int inputs) {
        String bias = prefix + name + ".bias";
        Tensor folded = products.get(bias);
        boolean transposed = folded != null;
        Tensor tensor = folded == null ? float32(name + ".weight") : checked(name + ".weight", folded);
        taken.add(tensor.name());
        long[] shape = tensor.shape();
        int in = transposed ? 0 : 1;
        if (shape.length != 2 || shape[in] != inputs || outputs > 0 && shape[1 - in] != outputs) {
            throw refused(name + ".weight has the wrong shape");
        }
        return weights(name + ".weight", tensor, shape[1 - in], inputs, transposed);
    }

    private Weights weights(String name, Tensor tensor, long rows, long columns, boolean transposed) {
        if (rows < 1
                || columns < 1
                || rows > Integer.MAX_VALUE
                || columns > Integer.MAX_VALUE
                || tensor.data().byteSize() / 4 / rows != columns
                || tensor.data().byteSize() != 4 * rows * columns) {
            throw refused(name + " of " + rows + " x " + columns + " floats has "
                    + tensor.data().byteSize() + " bytes");
        }
        return new Weights(tensor.data(), (int) rows, (int) columns, transposed);
    }

    private Tensor float32(String name) {
        Tensor tensor = file.initialisers().get(prefix + name);
        if (tensor == null) {
            throw refused("it has no " + name);
        }
        taken.add(tensor.name());
        return checked(name, tensor);
    }

    private Tensor checked(String name, Tensor tensor) {
        if (tensor.type() != Tensor.FLOAT32) {
            throw refused(
                    name + " is not float32 (quantised models cannot be converted, their full-precision form can)");
        }
        if (tensor.data().byteSize() == 0) {
            throw refused(name + " has no data in this file (weights in a second file are not read)");
        }
        return tensor;
    }

    /// Number of attention heads: the query is reshaped to `batch x tokens x heads x width`.
    ///
    /// @param hidden heads times width
    int heads(int hidden) {
        String bias = prefix + "encoder.layer.0.attention.self.query.bias";
        for (Node add : consumers.getOrDefault(bias, List.of())) {
            for (Node reshape : consumers.getOrDefault(add.outputs().getFirst(), List.of())) {
                if (reshape.operator().equals("Reshape") && reshape.inputs().size() > 1) {
                    List<Long> shape = constants(reshape.inputs().get(1));
                    int n = shape.size();
                    if (n >= 2 && shape.get(n - 1) > 0 && shape.get(n - 2) > 0) {
                        long heads = shape.get(n - 2);
                        if (hidden % heads == 0 && hidden / heads == shape.get(n - 1)) {
                            return (int) heads;
                        }
                    }
                }
            }
        }
        throw refused("its number of attention heads cannot be told");
    }

    /// The known integers of a shape, in order; what is computed at run time is left out.
    private List<Long> constants(String name) {
        List<Long> values = new ArrayList<>();
        Node producer = producers.get(name);
        if (producer != null && producer.operator().equals("Concat")) {
            producer.inputs().forEach(input -> addConstant(input, values));
        } else {
            addConstant(name, values);
        }
        return values;
    }

    private void addConstant(String name, List<Long> values) {
        Tensor tensor = constant(name);
        long[] integers = tensor == null ? null : tensor.integers();
        if (integers != null) {
            for (long value : integers) {
                values.add(value);
            }
        }
    }

    private @Nullable Tensor constant(String name) {
        Node producer = producers.get(name);
        return producer == null ? file.initialisers().get(name) : producer.value();
    }

    /// The number under the root of every layer norm, `x / sqrt(variance + epsilon)`.
    float epsilon() {
        Set<Float> found = new HashSet<>();
        for (Node node : file.nodes()) {
            if (node.operator().equals("Sqrt") && !node.inputs().isEmpty()) {
                Node sum = producers.get(node.inputs().getFirst());
                if (sum != null && sum.operator().equals("Add")) {
                    for (String input : sum.inputs()) {
                        Tensor constant = constant(input);
                        Float value = constant == null ? null : constant.scalar();
                        if (value != null) {
                            found.add(value);
                        }
                    }
                }
            }
        }
        if (found.size() != 1) {
            throw refused("the epsilon of its layer norms cannot be told (candidates: " + found + ")");
        }
        return found.iterator().next();
    }

    /// Checks that nothing was left over that would change the result.
    void requireComplete(int layers) {
        long activations = file.nodes().stream()
                .filter(node -> node.operator().equals("Erf") || node.operator().equals("Gelu"))
                .count();
        if (activations != layers) {
            throw refused("its activation is not GELU");
        }
        for (Tensor tensor : file.initialisers().values()) {
            String name = tensor.name();
            boolean part = name.startsWith(prefix + "encoder.") || name.startsWith(prefix + "embeddings.");
            if (part && tensor.type() == Tensor.FLOAT32 && !taken.contains(name)) {
                throw refused("it has weights that BERT has not: " + name);
            }
        }
    }

    private UmemException refused(String why) {
        return new UmemException(
                ErrorKind.MODEL,
                file.name() + " is not a BERT encoder as PyTorch exports it, and no other graph can be converted: "
                        + why + "; use a GGUF file of this model instead");
    }
}
