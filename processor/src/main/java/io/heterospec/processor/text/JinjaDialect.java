package io.heterospec.processor.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Writes template source so that jinjava reads it as Jinja does. Text outside of tags and string
 * literals inside them stay as they are.
 *
 * <ul>
 *   <li>Jinja binds {@code not} weaker than tests, jinjava stronger: {@code not x is defined}
 *       becomes {@code x is not defined}, and likewise {@code not x in y}.
 *   <li>A list backwards is {@code x[::-1]} in Jinja and {@code x|reverse} in both.
 *   <li>jinjava takes a filter in a named argument for one of the name too: {@code
 *       namespace(n=x|length)} becomes {@code namespace(n=(x|length))}.
 * </ul>
 */
final class JinjaDialect {
  private static final Pattern TAG = Pattern.compile("\\{[%{].*?[%}]\\}", Pattern.DOTALL);

  private static final String LITERAL = "'(?:\\\\.|[^'\\\\])*'|\"(?:\\\\.|[^\"\\\\])*\"";

  private static final Pattern DIFFERENCE =
      Pattern.compile(
          LITERAL
              + "|\\bnot\\s+(?<negated>[A-Za-z_][\\w.]*(?:\\[[^\\]]*\\][\\w.]*)*)\\s+(?<test>is|in)\\s+(?!not\\b)"
              + "|(?<reversed>[A-Za-z_][\\w.]*)\\[::-1\\]",
          Pattern.DOTALL);

  // Calls within the arguments are left alone: no known template has them here.
  private static final Pattern NAMESPACE =
      Pattern.compile("(\\bnamespace\\()((?:" + LITERAL + "|[^()'\"])*)(\\))", Pattern.DOTALL);

  private static final Pattern ARGUMENT =
      Pattern.compile("(?:" + LITERAL + "|\\[[^\\]]*\\]|[^,'\"\\[])+", Pattern.DOTALL);

  private JinjaDialect() {}

  static String adapt(String source) {
    // Jinja drops one newline at the end of a template.
    String trimmed = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
    return TAG.matcher(trimmed).replaceAll(tag -> Matcher.quoteReplacement(adaptTag(tag.group())));
  }

  private static String adaptTag(String tag) {
    Matcher differences = DIFFERENCE.matcher(tag);
    StringBuilder adapted = new StringBuilder();
    while (differences.find()) {
      differences.appendReplacement(adapted, Matcher.quoteReplacement(adaptOne(differences)));
    }
    differences.appendTail(adapted);
    return NAMESPACE
        .matcher(adapted)
        .replaceAll(call -> Matcher.quoteReplacement(adaptArguments(call)));
  }

  private static String adaptOne(Matcher found) {
    if (found.group("negated") != null) {
      return found.group("negated") + (found.group("test").equals("is") ? " is not " : " not in ");
    }
    return found.group("reversed") == null
        ? found.group()
        : "(" + found.group("reversed") + "|reverse)";
  }

  private static String adaptArguments(MatchResult call) {
    List<String> arguments = new ArrayList<>();
    Matcher each = ARGUMENT.matcher(call.group(2));
    while (each.find()) {
      String argument = each.group();
      int value = argument.indexOf('=') + 1;
      arguments.add(
          argument.indexOf('|') < 0
              ? argument
              : argument.substring(0, value) + "(" + argument.substring(value).strip() + ")");
    }
    return call.group(1) + arguments.stream().collect(Collectors.joining(",")) + call.group(3);
  }
}
