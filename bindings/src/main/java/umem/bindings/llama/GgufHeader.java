package umem.bindings.llama;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The metadata of a GGUF file, read in Java before llama.cpp sees the file: some damaged headers would abort the
/// process there, and the architecture belongs into every error message.
///
/// @param version of the format, 2 or 3
/// @param architecture such as `qwen2` or `bert`
/// @param metadata scalar values: Boolean, Long, Double or String; of arrays only what a layer each is said with, short
///     ones of integers, as a List of Long
/// @param tensorCount number of tensors
/// @param tensorBytes bytes of the data section
/// @param tensors where each tensor lies, by name
public record GgufHeader(
        int version,
        String architecture,
        Map<String, Object> metadata,
        long tensorCount,
        long tensorBytes,
        Map<String, GgufTensor> tensors) {
    private static final int MAGIC = 0x46554747;
    /// llama.cpp asserts that there are no more.
    private static final long MAX_LAYERS = 512;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public GgufHeader {
        metadata = Map.copyOf(metadata);
        tensors = Map.copyOf(tensors);
    }

    /// Reads the header.
    ///
    /// @throws UmemException of kind MODEL if the file is missing, a folder, empty, no GGUF, truncated or absurd
    public static GgufHeader read(Path path) {
        if (!Files.exists(path)) {
            throw damaged(path, "does not exist");
        }
        if (!Files.isRegularFile(path)) {
            throw damaged(path, "is not a file");
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            if (channel.size() < 24) {
                throw damaged(path, "is too short (" + channel.size() + " bytes) to be a GGUF model");
            }
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            try {
                return new Cursor(file).header(path);
            } catch (IndexOutOfBoundsException e) {
                throw damaged(path, "is truncated: its header goes on after the end of the file");
            }
        } catch (IOException e) {
            throw new UmemException(ErrorKind.MODEL, "model " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// An integer of the metadata; the largest one where each layer has its own.
    ///
    /// @param key without the architecture, such as `block_count`
    /// @param fallback what to return where the key is absent or not a number
    public long number(String key, long fallback) {
        Object value = metadata.get(architecture + "." + key);
        if (value instanceof List<?> values) {
            return values.stream().mapToLong(each -> (Long) each).max().orElse(fallback);
        }
        return value instanceof Long number ? number : fallback;
    }

    private static UmemException damaged(Path path, String what) {
        return new UmemException(ErrorKind.MODEL, "model " + path + " " + what + "; check the path, or fetch it again");
    }

    /// Reads forward through the mapped file; every access is bounds-checked by the segment.
    private static final class Cursor {
        private final MemorySegment file;
        private long at;

        Cursor(MemorySegment file) {
            this.file = file;
        }

        GgufHeader header(Path path) {
            if (int32() != MAGIC) {
                throw damaged(path, "is not a GGUF model: the magic number is missing");
            }
            int version = int32();
            if (version != 2 && version != 3) {
                throw damaged(path, "has GGUF version " + version + ", which is not supported");
            }
            long tensors = int64();
            long entries = int64();
            if (tensors < 0 || entries < 0 || tensors > file.byteSize() || entries > file.byteSize()) {
                throw damaged(
                        path, "is damaged: it claims " + tensors + " tensors and " + entries + " metadata entries");
            }
            Map<String, Object> metadata = new LinkedHashMap<>();
            for (long i = 0; i < entries; i++) {
                String key = string();
                int type = int32();
                if (type == 9) {
                    List<Long> values = array(path);
                    if (!values.isEmpty()) {
                        metadata.put(key, values);
                    }
                } else {
                    metadata.put(key, scalar(path, type));
                }
            }
            long lastOffset = 0;
            Map<String, GgufTensor> relative = new LinkedHashMap<>();
            for (long i = 0; i < tensors; i++) {
                String name = string();
                int dimensions = int32();
                if (dimensions < 0 || dimensions > 4) {
                    throw damaged(path, "is damaged: a tensor has " + dimensions + " dimensions");
                }
                List<Long> shape = new ArrayList<>();
                for (int d = 0; d < dimensions; d++) {
                    shape.add(int64());
                }
                GgufTensor tensor = new GgufTensor(int32(), shape, int64());
                relative.put(name, tensor);
                lastOffset = Math.max(lastOffset, tensor.offset());
            }
            long alignment = metadata.get("general.alignment") instanceof Long value && value > 0 ? value : 32;
            long data = (at + alignment - 1) / alignment * alignment;
            if (tensors > 0 && data + lastOffset >= file.byteSize()) {
                throw damaged(
                        path, "is truncated: its tensors need more than the " + file.byteSize() + " bytes it has");
            }
            if (!(metadata.get("general.architecture") instanceof String architecture)) {
                throw damaged(path, "does not name its architecture");
            }
            Map<String, GgufTensor> absolute = new LinkedHashMap<>();
            relative.forEach((name, tensor) ->
                    absolute.put(name, new GgufTensor(tensor.type(), tensor.shape(), data + tensor.offset())));
            GgufHeader header = new GgufHeader(
                    version, architecture, metadata, tensors, Math.max(0, file.byteSize() - data), absolute);
            long layers = header.number("block_count", 0);
            if (layers < 0 || layers > MAX_LAYERS) {
                throw damaged(path, "is damaged: it claims " + layers + " layers");
            }
            return header;
        }

        private Object scalar(Path path, int type) {
            return switch (type) {
                case 0, 7 -> {
                    long value = Byte.toUnsignedLong(file.get(ValueLayout.JAVA_BYTE, at));
                    skip(1);
                    yield type == 7 ? (Object) (value != 0) : (Object) value;
                }
                case 1 -> {
                    long value = file.get(ValueLayout.JAVA_BYTE, at);
                    skip(1);
                    yield value;
                }
                case 2, 3 -> {
                    int low = Byte.toUnsignedInt(file.get(ValueLayout.JAVA_BYTE, at));
                    int value = low | file.get(ValueLayout.JAVA_BYTE, at + 1) << 8;
                    skip(2);
                    yield type == 2 ? (long) (value & 0xffff) : (long) (short) value;
                }
                case 4 -> Integer.toUnsignedLong(int32());
                case 5 -> (long) int32();
                case 6 -> (double) Float.intBitsToFloat(int32());
                case 8 -> string();
                case 10, 11 -> int64();
                case 12 -> Double.longBitsToDouble(int64());
                default -> throw damaged(path, "is damaged: a metadata entry has the unknown type " + type);
            };
        }

        /// @return the integers of a short array; nothing of any other
        private List<Long> array(Path path) {
            int type = int32();
            long length = int64();
            if (length < 0 || length > file.byteSize()) {
                throw damaged(path, "is damaged: an array claims " + length + " entries");
            }
            int width = switch (type) {
                case 0, 1, 7 -> 1;
                case 2, 3 -> 2;
                case 4, 5, 6 -> 4;
                case 10, 11, 12 -> 8;
                case 8 -> 0;
                default -> throw damaged(path, "is damaged: an array has the unknown type " + type);
            };
            if (length <= MAX_LAYERS && (type == 4 || type == 5)) {
                List<Long> values = new ArrayList<>();
                for (long i = 0; i < length; i++) {
                    values.add((long) int32());
                }
                return values;
            }
            if (type == 8) {
                for (long i = 0; i < length; i++) {
                    skip(count());
                }
            } else {
                skip(length * width);
            }
            return List.of();
        }

        private int int32() {
            int value = file.get(INT, at);
            at += 4;
            return value;
        }

        private long int64() {
            long value = file.get(LONG, at);
            at += 8;
            return value;
        }

        private long count() {
            long length = int64();
            if (length < 0) {
                throw new IndexOutOfBoundsException("negative length");
            }
            return length;
        }

        private String string() {
            long length = count();
            if (length > file.byteSize() - at) {
                throw new IndexOutOfBoundsException("string of " + length + " bytes");
            }
            byte[] bytes = file.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
            at += length;
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private void skip(long bytes) {
            if (bytes > file.byteSize() - at) {
                throw new IndexOutOfBoundsException("skip of " + bytes + " bytes");
            }
            at += bytes;
        }
    }
}
