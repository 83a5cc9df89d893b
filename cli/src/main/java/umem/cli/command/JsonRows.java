package umem.cli.command;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.engine.embedding.stream.RowSink;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Embeddings on standard output, one JSON object a line.
///
/// @param dimension values of an embedding
/// @param withText whether each text is repeated in its object
record JsonRows(Terminal terminal, int dimension, boolean withText) implements RowSink {
    @Override
    public void accept(List<String> texts, MemorySegment rows) {
        for (int i = 0; i < texts.size(); i++) {
            ObjectNode object = Json.object();
            if (withText) {
                object.put("text", texts.get(i));
            }
            ArrayNode embedding = object.putArray("embedding");
            for (int j = 0; j < dimension; j++) {
                embedding.add(rows.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * dimension + j));
            }
            terminal.print(Json.line(object));
        }
        if (terminal.out().checkError()) {
            throw new UmemException(ErrorKind.STORAGE, "standard output is closed or full");
        }
    }
}
