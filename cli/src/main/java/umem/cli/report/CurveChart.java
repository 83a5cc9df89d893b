package umem.cli.report;

import java.util.List;
import java.util.Locale;
import umem.engine.evolution.Metrics;

/// The cumulative accuracy curve (paper, Fig. 3) as an SVG element.
final class CurveChart {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 260;
    private static final int LEFT = 44;
    private static final int RIGHT = 12;
    private static final int TOP = 10;
    private static final int BOTTOM = 34;
    private static final int MOST_POINTS = 800;

    private CurveChart() {}

    /// @param metrics the curve, one point a step
    static String svg(List<Metrics> metrics) {
        int steps = metrics.size();
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Cumulative accuracy over %d steps\">",
                WIDTH, HEIGHT, steps));
        for (int percent = 0; percent <= 100; percent += 25) {
            double y = y(percent / 100.0);
            svg.append(format(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y));
            svg.append(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>", LEFT - 6, y + 4, percent));
        }
        int ticks = Math.min(steps, 8);
        for (int i = 0; i < ticks; i++) {
            int step = ticks == 1 ? 0 : (int) Math.round((double) i * (steps - 1) / (ticks - 1));
            svg.append(format(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
                    x(step, steps), HEIGHT - BOTTOM + 18, step + 1));
        }
        svg.append(curve("without", metrics, false)).append(curve("with", metrics, true));
        if (steps <= MOST_POINTS) {
            double width = (double) (WIDTH - LEFT - RIGHT) / Math.max(1, steps);
            for (Metrics point : metrics) {
                svg.append(format(
                        "<rect class=\"band\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>step %d: %.1f %% with memory,"
                                + " %.1f %% without, %d memories</title></rect>",
                        x((int) point.step(), steps) - width / 2,
                        TOP,
                        width,
                        HEIGHT - TOP - BOTTOM,
                        point.step() + 1,
                        100 * point.accuracyWithMemory(),
                        100 * point.accuracyNoMemory(),
                        point.memories()));
            }
        }
        return svg.append("</svg>").toString();
    }

    private static String curve(String kind, List<Metrics> metrics, boolean with) {
        int steps = metrics.size();
        int stride = Math.max(1, steps / MOST_POINTS);
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < steps; i += i + stride < steps || i == steps - 1 ? stride : steps - 1 - i) {
            Metrics point = metrics.get(i);
            points.append(
                    format("%.1f,%.1f ", x(i, steps), y(with ? point.accuracyWithMemory() : point.accuracyNoMemory())));
        }
        return format(
                "<polyline class=\"curve %s\" points=\"%s\"/>",
                kind, points.toString().strip());
    }

    private static double x(int step, int steps) {
        return LEFT + (WIDTH - LEFT - RIGHT) * (steps <= 1 ? 0.5 : (double) step / (steps - 1));
    }

    private static double y(double share) {
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
    }

    private static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }
}
