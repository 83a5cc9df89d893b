package umem.engine.embedding.convert;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// What a converter needs of an ONNX model: its nodes and its initialisers (the weights).
///
/// The weights are slices of the file's memory, valid as long as that is.
///
/// @param name what messages call it
/// @param nodes in the file's order, which is a topological one
/// @param initialisers by name
/// @see <a href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>
record OnnxFile(String name, List<Node> nodes, Map<String, Tensor> initialisers) {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// One operation.
    ///
    /// @param operator such as `MatMul`
    /// @param value the tensor of a `Constant`, else null
    record Node(
            String operator,
            List<String> inputs,
            List<String> outputs,
            @Nullable Tensor value) {}

    /// Numbers with a shape.
    ///
    /// @param type `TensorProto.DataType`: 1 float32, 7 int64
    /// @param data the elements in row-major order, little-endian; empty where the file keeps them elsewhere
    record Tensor(String name, int type, long[] shape, MemorySegment data) {
        static final int FLOAT32 = 1;
        static final int INT64 = 7;

        /// The single element, or null where it isn't one float.
        @Nullable
        Float scalar() {
            return type == FLOAT32 && data.byteSize() == 4 ? data.get(FLOAT, 0) : null;
        }

        /// The elements, or null where they aren't int64.
        long @Nullable [] integers() {
            return type == INT64 && data.byteSize() % 8 == 0 && data.byteSize() <= 64 ? data.toArray(LONG) : null;
        }
    }

    /// Reads a file.
    ///
    /// @param file its whole content
    /// @throws UmemException of kind MODEL if it is no ONNX model, or truncated
    static OnnxFile read(String name, MemorySegment file) {
        try {
            ProtoReader model = new ProtoReader(file);
            MemorySegment graph = null;
            for (int field = model.next(); field != 0; field = model.next()) {
                if (field == 7) {
                    graph = model.bytes();
                } else {
                    model.skip();
                }
            }
            if (graph == null) {
                throw unreadable(name, "is no ONNX model: it holds no graph");
            }
            return readGraph(name, graph);
        } catch (IndexOutOfBoundsException e) {
            throw unreadable(name, "is truncated, or no ONNX model: " + e.getMessage() + " goes on after its end");
        } catch (IllegalArgumentException e) {
            throw unreadable(name, "is no ONNX model: " + e.getMessage());
        }
    }

    private static OnnxFile readGraph(String name, MemorySegment message) {
        List<Node> nodes = new ArrayList<>();
        Map<String, Tensor> initialisers = new HashMap<>();
        ProtoReader graph = new ProtoReader(message);
        for (int field = graph.next(); field != 0; field = graph.next()) {
            switch (field) {
                case 1 -> nodes.add(readNode(graph.bytes()));
                case 5 -> {
                    Tensor tensor = readTensor(graph.bytes());
                    initialisers.put(tensor.name(), tensor);
                }
                default -> graph.skip();
            }
        }
        return new OnnxFile(name, List.copyOf(nodes), Map.copyOf(initialisers));
    }

    private static Node readNode(MemorySegment message) {
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        String operator = "";
        Tensor value = null;
        ProtoReader node = new ProtoReader(message);
        for (int field = node.next(); field != 0; field = node.next()) {
            switch (field) {
                case 1 -> inputs.add(node.string());
                case 2 -> outputs.add(node.string());
                case 4 -> operator = node.string();
                case 5 -> {
                    Tensor tensor = readValue(node.bytes());
                    value = tensor == null ? value : tensor;
                }
                default -> node.skip();
            }
        }
        return new Node(operator, List.copyOf(inputs), List.copyOf(outputs), value);
    }

    private static @Nullable Tensor readValue(MemorySegment message) {
        String name = "";
        Tensor tensor = null;
        ProtoReader attribute = new ProtoReader(message);
        for (int field = attribute.next(); field != 0; field = attribute.next()) {
            switch (field) {
                case 1 -> name = attribute.string();
                case 5 -> tensor = readTensor(attribute.bytes());
                default -> attribute.skip();
            }
        }
        return name.equals("value") ? tensor : null;
    }

    private static Tensor readTensor(MemorySegment message) {
        List<Long> shape = new ArrayList<>();
        String name = "";
        int type = 0;
        MemorySegment data = MemorySegment.NULL;
        ProtoReader tensor = new ProtoReader(message);
        for (int field = tensor.next(); field != 0; field = tensor.next()) {
            switch (field) {
                case 1 -> {
                    for (long length : tensor.integers()) {
                        shape.add(length);
                    }
                }
                case 2 -> type = (int) tensor.integer();
                case 8 -> name = tensor.string();
                case 9 -> data = tensor.bytes();
                default -> tensor.skip();
            }
        }
        return new Tensor(name, type, shape.stream().mapToLong(Long::longValue).toArray(), data);
    }

    private static UmemException unreadable(String name, String what) {
        return new UmemException(ErrorKind.MODEL, name + " " + what + "; check the path, or fetch it again");
    }
}
