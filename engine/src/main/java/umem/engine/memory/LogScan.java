package umem.engine.memory;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is in a log file.
///
/// A last line without line feed is torn: its write never ended, so nobody was told that it is committed. Any other
/// line that cannot be read is damage.
///
/// @param events events 1, 2, ... up to the first damage
/// @param intact all events whose lines can be read, those behind a damage included
/// @param end bytes up to the end of the last of `events`
/// @param unterminated whether that last line is whole but for its line feed
/// @param tornBytes length of a torn last line, 0 if there is none
/// @param damage the first damaged line, or null
/// @param problems everything wrong, one line each
record LogScan(
        List<BankEvent> events,
        long intact,
        long end,
        boolean unterminated,
        long tornBytes,
        @Nullable Damage damage,
        List<String> problems) {
    private static final int MOST_PROBLEMS = 20;

    /// A line that cannot be read.
    ///
    /// @param line from 1
    record Damage(long line, String reason) {
        String problem() {
            return BankFiles.EVENTS + " line " + line + " is damaged: " + reason;
        }
    }

    static LogScan of(Path log) throws IOException {
        try (InputStream stream = Files.newInputStream(log)) {
            return new Scanner().scan(stream);
        }
    }

    private static final class Scanner {
        private final List<BankEvent> events = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();
        private @Nullable Damage damage;
        private long moreProblems;
        private long intact;
        private long end;
        /// The number that the next line must have, or -1 behind a damaged line.
        private long expected;

        LogScan scan(InputStream stream) throws IOException {
            Lines lines = new Lines(stream);
            long torn = 0;
            boolean unterminated = false;
            long number = 0;
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                number++;
                String reason = take(line, number);
                if (reason == null) {
                    unterminated = !lines.terminated();
                    if (damage == null) {
                        end += line.length + (unterminated ? 0 : 1);
                    }
                } else if (lines.terminated() || number == 1) {
                    // A log is given its name with the header in it, so there is no torn header.
                    damaged(number, reason);
                } else if (EventJson.isIntact(Arrays.copyOf(line, line.length - 1))) {
                    damaged(number, "its line feed is another byte");
                } else {
                    torn = line.length;
                    problem(BankFiles.EVENTS + " line " + number + " is torn: its write ended after " + torn
                            + " bytes, so it is not committed and the next writer cuts it off");
                }
            }
            if (number == 0) {
                damaged(1, "it is missing");
            }
            if (moreProblems > 0) {
                problems.add("and " + moreProblems + " more");
            }
            return new LogScan(events, intact, end, unterminated, torn, damage, List.copyOf(problems));
        }

        /// Takes a line in, or says what is wrong with it.
        private @Nullable String take(byte[] line, long number) {
            try {
                if (number == 1) {
                    EventJson.checkHeader(line);
                    expected = 1;
                    return null;
                }
                BankEvent event = EventJson.read(line);
                if (expected >= 0 && event.sequence() != expected) {
                    return "it holds event " + event.sequence() + " where event " + expected + " belongs";
                }
                expected = event.sequence() + 1;
                intact++;
                if (damage == null) {
                    events.add(event);
                }
                return null;
            } catch (EventJson.Damaged e) {
                return String.valueOf(e.getMessage());
            }
        }

        private void damaged(long line, String reason) {
            Damage found = new Damage(line, reason);
            if (damage == null) {
                damage = found;
            }
            expected = -1;
            problem(found.problem());
        }

        private void problem(String problem) {
            if (problems.size() < MOST_PROBLEMS) {
                problems.add(problem);
            } else {
                moreProblems++;
            }
        }
    }
}
