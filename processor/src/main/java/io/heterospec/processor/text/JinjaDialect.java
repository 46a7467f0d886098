package io.heterospec.processor.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes template source so that jinjava reads it as Jinja does. Jinja binds {@code not} weaker
 * than tests, jinjava stronger: {@code not x is defined} becomes {@code x is not defined}, and
 * likewise {@code not x in y}. Text outside of tags and string literals inside them stay as they
 * are.
 */
final class JinjaDialect {
  private static final Pattern TAG = Pattern.compile("\\{[%{].*?[%}]\\}", Pattern.DOTALL);

  private static final Pattern LITERAL_OR_NEGATION =
      Pattern.compile(
          "'(?:\\\\.|[^'\\\\])*'|\"(?:\\\\.|[^\"\\\\])*\""
              + "|\\bnot\\s+([A-Za-z_][\\w.]*(?:\\[[^\\]]*\\][\\w.]*)*)\\s+(is|in)\\s+(?!not\\b)",
          Pattern.DOTALL);

  private JinjaDialect() {}

  static String adapt(String source) {
    // Jinja drops one newline at the end of a template.
    String trimmed = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
    return TAG.matcher(trimmed).replaceAll(tag -> Matcher.quoteReplacement(adaptTag(tag.group())));
  }

  private static String adaptTag(String tag) {
    return LITERAL_OR_NEGATION
        .matcher(tag)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    found.group(1) == null
                        ? found.group()
                        : found.group(1)
                            + (found.group(2).equals("is") ? " is not " : " not in ")));
  }
}
