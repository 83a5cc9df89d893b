package umem.engine.task;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/// Evaluates a closed arithmetic expression in LaTeX or plain notation: numbers, `+ - * / ^`, `\frac`, `\sqrt`, `\pi`,
/// parentheses and implicit products. Anything else has no value.
final class MathExpression {
    private static final int LONGEST = 400;
    private static final int LARGEST_EXPONENT = 512;

    /// A value: an exact fraction, or a floating-point number where a root or pi is involved.
    ///
    /// @param numerator of the fraction in lowest terms, or null
    /// @param denominator of the fraction, positive, or null
    /// @param approximate the value as a double
    record Value(@Nullable BigInteger numerator, @Nullable BigInteger denominator, double approximate) {
        static Value exact(BigInteger numerator, BigInteger denominator) {
            if (denominator.signum() == 0) {
                throw new ArithmeticException("division by zero");
            }
            BigInteger divisor = numerator.gcd(denominator);
            if (denominator.signum() < 0) {
                divisor = divisor.negate();
            }
            BigInteger n = numerator.divide(divisor);
            BigInteger d = denominator.divide(divisor);
            return new Value(
                    n,
                    d,
                    new BigDecimal(n)
                            .divide(new BigDecimal(d), java.math.MathContext.DECIMAL64)
                            .doubleValue());
        }

        static Value of(double approximate) {
            if (!Double.isFinite(approximate)) {
                throw new ArithmeticException("not finite");
            }
            return new Value(null, null, approximate);
        }

        boolean isExact() {
            return numerator != null;
        }

        /// Fractions must be equal exactly, others to eleven digits.
        boolean equal(Value other) {
            if (numerator != null && denominator != null && other.numerator != null) {
                return numerator.equals(other.numerator) && denominator.equals(other.denominator);
            }
            double scale = Math.max(1e-9, Math.max(Math.abs(approximate), Math.abs(other.approximate)));
            return Math.abs(approximate - other.approximate) <= 1e-11 * scale;
        }

        Value plus(Value other) {
            if (numerator != null && denominator != null && other.numerator != null && other.denominator != null) {
                return exact(
                        numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                        denominator.multiply(other.denominator));
            }
            return of(approximate + other.approximate);
        }

        Value times(Value other) {
            if (numerator != null && denominator != null && other.numerator != null && other.denominator != null) {
                return exact(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
            }
            return of(approximate * other.approximate);
        }

        Value inverse() {
            return numerator != null && denominator != null ? exact(denominator, numerator) : of(1 / approximate);
        }

        Value power(Value exponent) {
            BigInteger n = exponent.numerator;
            boolean whole = n != null && BigInteger.ONE.equals(exponent.denominator) && n.bitLength() < 31;
            if (whole && n != null && numerator != null && denominator != null) {
                int e = n.intValue();
                if (Math.abs(e) > LARGEST_EXPONENT || numerator.bitLength() + denominator.bitLength() > 64) {
                    throw new ArithmeticException("too large");
                }
                Value positive = exact(numerator.pow(Math.abs(e)), denominator.pow(Math.abs(e)));
                return e < 0 ? positive.inverse() : positive;
            }
            return of(Math.pow(approximate, exponent.approximate));
        }

        Value root(int degree) {
            if (degree == 2 && numerator != null && denominator != null && numerator.signum() >= 0) {
                BigInteger n = numerator.sqrt();
                BigInteger d = denominator.sqrt();
                if (n.multiply(n).equals(numerator) && d.multiply(d).equals(denominator)) {
                    return exact(n, d);
                }
            }
            if (approximate < 0) {
                throw new ArithmeticException("root of a negative number");
            }
            double root = degree == 2
                    ? Math.sqrt(approximate)
                    : degree == 3 ? Math.cbrt(approximate) : Math.pow(approximate, 1.0 / degree);
            return of(root);
        }
    }

    private final String text;
    private int at;

    private MathExpression(String text) {
        this.text = text;
    }

    /// @return the value, or null if the text is not a closed arithmetic expression
    static @Nullable Value evaluate(String text) {
        if (text.isEmpty() || text.length() > LONGEST) {
            return null;
        }
        try {
            MathExpression expression = new MathExpression(text);
            Value value = expression.sum();
            return expression.at == text.length() ? value : null;
        } catch (ArithmeticException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    private Value sum() {
        Value value = product();
        while (at < text.length() && (peek() == '+' || peek() == '-')) {
            boolean minus = text.charAt(at++) == '-';
            Value next = product();
            value = value.plus(minus ? negate(next) : next);
        }
        return value;
    }

    private Value product() {
        if (peek() == '-') {
            at++;
            return negate(product());
        }
        if (peek() == '+') {
            at++;
        }
        boolean plainNumber = Character.isDigit(peek());
        Value value = factor();
        while (at < text.length()) {
            if (take("*") || take("\\cdot") || take("\\times")) {
                value = value.times(signed());
            } else if (take("/") || take("\\div")) {
                value = value.times(signed().inverse());
            } else if (text.startsWith("\\frac", at) && plainNumber) {
                // A number right before a fraction is a mixed number.
                value = value.plus(factor());
            } else if (peek() == '\\' || peek() == '(' || peek() == '{') {
                value = value.times(factor());
            } else {
                break;
            }
            plainNumber = false;
        }
        return value;
    }

    private Value signed() {
        if (take("-")) {
            return negate(signed());
        }
        return factor();
    }

    private Value factor() {
        Value base = atom();
        if (take("^")) {
            return base.power(peek() == '{' ? group('{', '}') : signed());
        }
        return base;
    }

    private Value atom() {
        char c = peek();
        if (Character.isDigit(c) || c == '.') {
            return number();
        }
        if (take("\\frac")) {
            Value numerator = group('{', '}');
            return numerator.times(group('{', '}').inverse());
        }
        if (take("\\sqrt[3]")) {
            return group('{', '}').root(3);
        }
        if (take("\\sqrt")) {
            return group('{', '}').root(2);
        }
        if (take("\\pi")) {
            return Value.of(Math.PI);
        }
        if (c == '(') {
            return group('(', ')');
        }
        if (c == '{') {
            return group('{', '}');
        }
        throw new ArithmeticException("no number");
    }

    private Value group(char open, char close) {
        if (peek() != open) {
            throw new ArithmeticException("no group");
        }
        at++;
        Value value = sum();
        if (peek() != close) {
            throw new ArithmeticException("open group");
        }
        at++;
        return value;
    }

    private Value number() {
        int begin = at;
        while (at < text.length() && (Character.isDigit(peek()) || peek() == '.')) {
            at++;
        }
        try {
            BigDecimal decimal = new BigDecimal(text.substring(begin, at));
            BigInteger scale = BigInteger.TEN.pow(Math.max(0, decimal.scale()));
            return Value.exact(decimal.multiply(new BigDecimal(scale)).toBigIntegerExact(), scale);
        } catch (NumberFormatException e) {
            throw new ArithmeticException("no number");
        }
    }

    private static Value negate(Value value) {
        return value.times(Value.exact(BigInteger.ONE.negate(), BigInteger.ONE));
    }

    /// The next character; NUL at the end.
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private boolean take(String token) {
        if (text.startsWith(token, at)) {
            at += token.length();
            return true;
        }
        return false;
    }
}
