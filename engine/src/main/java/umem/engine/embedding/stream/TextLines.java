package umem.engine.embedding.stream;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The lines of a UTF-8 file or stream, each one text; the file may be compressed by gzip, which its name then says.
///
/// A line ends with a line feed, or a carriage return and one; the last line may end without. Empty lines are texts. A
/// byte order mark at the beginning is no part of the text. Knows what it has consumed, so that a later reader of the
/// same input can go on there. Memory: one line. One thread at a time.
public final class TextLines implements TextSource, AutoCloseable {
    /// More is no line of text.
    static final int LONGEST_LINE = 16 << 20;

    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final String name;
    private final Counted raw;
    private final InputStream in;
    /// Of the file, compressed if it is; -1 if unknown.
    private final long size;

    private final MessageDigest digest = sha256();
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;
    private long lines;
    private long bytes;

    /// What was consumed of an input.
    ///
    /// @param lines whole lines, at least 0
    /// @param bytes of those lines, after decompression
    /// @param sha256 of those bytes, in hexadecimal digits
    public record Position(long lines, long bytes, String sha256) {}

    private TextLines(String name, Counted raw, InputStream in, long size) {
        this.name = name;
        this.raw = raw;
        this.in = in;
        this.size = size;
    }

    /// Opens a file; one whose name ends in `.gz` is decompressed.
    ///
    /// @throws UmemException of kind INPUT if there is none or it is not compressed as its name says, STORAGE if it
    ///     cannot be read
    public static TextLines open(Path file) {
        InputStream opened = null;
        try {
            if (Files.isDirectory(file)) {
                throw new UmemException(ErrorKind.INPUT, file + " is a folder; give a file with one text a line");
            }
            long size = Files.isRegularFile(file) ? Files.size(file) : -1;
            opened = Files.newInputStream(file);
            Counted raw = new Counted(opened);
            boolean compressed = String.valueOf(file.getFileName()).endsWith(".gz");
            TextLines lines =
                    new TextLines(file.toString(), raw, compressed ? new GZIPInputStream(raw, 1 << 16) : raw, size);
            opened = null;
            return lines;
        } catch (NoSuchFileException e) {
            throw new UmemException(ErrorKind.INPUT, "no file " + file + " to read texts from", e);
        } catch (IOException e) {
            throw failed(file.toString(), 0, e);
        } finally {
            closeQuietly(opened);
        }
    }

    private static void closeQuietly(@Nullable InputStream stream) {
        try {
            if (stream != null) {
                stream.close();
            }
        } catch (IOException e) {
            // The first failure is the one to tell.
        }
    }

    /// Reads a stream, which is closed with this object.
    ///
    /// @param name what messages call it
    public static TextLines of(InputStream stream, String name) {
        Counted raw = new Counted(stream);
        return new TextLines(name, raw, raw, -1);
    }

    @Override
    public @Nullable String next() {
        line.reset();
        while (from < to || fill()) {
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            line.write(buffer, from, end - from);
            if (line.size() > LONGEST_LINE) {
                throw new UmemException(
                        ErrorKind.INPUT,
                        name + ", line " + (lines + 1) + ": longer than " + (LONGEST_LINE >> 20)
                                + " MiB; give a file with one text a line");
            }
            boolean whole = end < to;
            consume(whole ? end + 1 : end);
            if (whole) {
                return text();
            }
        }
        return line.size() > 0 ? text() : null;
    }

    private String text() {
        lines++;
        byte[] utf8 = line.toByteArray();
        int length = utf8.length > 0 && utf8[utf8.length - 1] == '\r' ? utf8.length - 1 : utf8.length;
        try {
            String text = decoder.decode(ByteBuffer.wrap(utf8, 0, length)).toString();
            return lines == 1 && !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new UmemException(
                    ErrorKind.INPUT, name + ", line " + lines + ": not UTF-8; convert the file first", e);
        }
    }

    private void consume(int end) {
        digest.update(buffer, from, end - from);
        bytes += end - from;
        from = end;
    }

    private boolean fill() {
        try {
            from = 0;
            to = Math.max(0, in.read(buffer));
            return to > 0;
        } catch (IOException e) {
            throw failed(name, lines, e);
        }
    }

    private static UmemException failed(String name, long lines, IOException cause) {
        if (cause instanceof ZipException || cause instanceof EOFException) {
            return new UmemException(
                    ErrorKind.INPUT,
                    name + ", after line " + lines + ": not gzip, cut off or damaged (" + cause.getMessage()
                            + "); fetch or compress it again",
                    cause);
        }
        return new UmemException(ErrorKind.STORAGE, "reading " + name + " failed: " + cause.getMessage(), cause);
    }

    @Override
    public boolean ready() {
        try {
            return size >= 0 || from < to || in.available() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    /// How much of the input is consumed, 0 to 1, or -1 if its size is unknown.
    public double fraction() {
        if (size < 0) {
            return -1;
        }
        long done = in == raw ? bytes : raw.count;
        return size == 0 ? 1 : Math.min(1, (double) done / size);
    }

    /// What is consumed by now.
    public Position position() {
        try {
            MessageDigest snapshot = (MessageDigest) digest.clone();
            return new Position(lines, bytes, HexFormat.of().formatHex(snapshot.digest()));
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("Java's own SHA-256 can be cloned", e);
        }
    }

    /// Goes to where an earlier reader was. To be called before the first [#next()].
    ///
    /// @throws UmemException of kind INPUT if the input before that place is not what it was
    public void skipTo(Position earlier) {
        int last = '\n';
        while (bytes < earlier.bytes() && (from < to || fill())) {
            int end = (int) Math.min(to, from + (earlier.bytes() - bytes));
            for (int i = from; i < end; i++) {
                if (buffer[i] == '\n') {
                    lines++;
                }
            }
            last = buffer[end - 1];
            consume(end);
        }
        if (last != '\n') {
            lines++;
        }
        boolean cutInLine = last != '\n' && (from < to || fill());
        if (cutInLine || !position().equals(earlier)) {
            throw new UmemException(
                    ErrorKind.INPUT,
                    name + " is not what it was: its first " + earlier.lines()
                            + " lines have changed since they were embedded; start anew, without --resume");
        }
    }

    @Override
    public void close() {
        closeQuietly(in);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /// Counts the bytes that were read from a stream.
    private static final class Counted extends FilterInputStream {
        private long count;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count += read < 0 ? 0 : 1;
            return read;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count += Math.max(0, read);
            return read;
        }
    }
}
