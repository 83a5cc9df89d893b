/// The memory-augmented agent: tasks, language models, retrieval, the memory bank, and the stream in which it evolves.
@org.jspecify.annotations.NullMarked
module umem.engine {
    requires static jdk.incubator.vector;
    requires transitive umem.bindings;
    requires com.samskivert.jmustache;
    requires dev.hardwood.core;
    requires java.management;
    requires java.net.http;
    requires tools.jackson.databind;

    exports umem.engine;
    exports umem.engine.embedding;
    exports umem.engine.embedding.cache;
    exports umem.engine.embedding.convert;
    exports umem.engine.embedding.stream;
    exports umem.engine.evolution;
    exports umem.engine.executor;
    exports umem.engine.guard;
    exports umem.engine.language;
    exports umem.engine.memory;
    exports umem.engine.neighborhood;
    exports umem.engine.optimizer;
    exports umem.engine.recording;
    exports umem.engine.reward;
    exports umem.engine.search;
    exports umem.engine.task;
    exports umem.engine.task.desk;

    // The lines of a recording are records of its own.
    opens umem.engine.recording to
            tools.jackson.databind;
}
