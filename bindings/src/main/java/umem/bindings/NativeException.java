package umem.bindings;

import org.jspecify.annotations.Nullable;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// A native function refused or failed.
public final class NativeException extends UmemException {
    private static final long serialVersionUID = 1L;

    private final String function;
    private final int code;
    private final @Nullable String nativeText;
    private final String libraryVersion;

    /// @param kind [ErrorKind#NATIVE], or [ErrorKind#MODEL] where the model file is to blame
    /// @param message one line for the user
    /// @param function the native function that failed
    /// @param code its return code, 0 where it returns a pointer
    /// @param nativeText what the library says about it, or null
    /// @param libraryVersion version of the library
    public NativeException(
            ErrorKind kind,
            String message,
            String function,
            int code,
            @Nullable String nativeText,
            String libraryVersion) {
        super(kind, nativeText == null ? message : message + ": " + nativeText.strip());
        this.function = function;
        this.code = code;
        this.nativeText = nativeText;
        this.libraryVersion = libraryVersion;
    }

    /// The native function that failed.
    public String function() {
        return function;
    }

    /// Its return code, 0 where it returns a pointer.
    public int code() {
        return code;
    }

    /// What the library says about it (llama.cpp: the first error line that it logged during the call), or null.
    public @Nullable String nativeText() {
        return nativeText;
    }

    /// Version of the library, such as `0.5.0-dev`.
    public String libraryVersion() {
        return libraryVersion;
    }
}
