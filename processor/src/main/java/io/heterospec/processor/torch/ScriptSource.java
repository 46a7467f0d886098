package io.heterospec.processor.torch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The text of a TorchScript class: fragments of methods from {@code resources/torchscript}, with
 * {@code ${name}} replaced by the constants of one checkpoint.
 */
public final class ScriptSource {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  private final String className;
  private final StringBuilder body = new StringBuilder();
  private final Map<String, String> constants = new LinkedHashMap<>();

  /** An empty class of this name. */
  public ScriptSource(String className) {
    this.className = className;
    constants.put("class", className);
  }

  /** Appends the methods of a fragment, such as {@code decoder} for {@code decoder.py}. */
  public ScriptSource include(String fragment) {
    String path = "/torchscript/" + fragment + ".py";
    try (InputStream in = ScriptSource.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("resource " + path + " is missing from the program");
      }
      body.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("resource " + path + " cannot be read", e);
    }
    return this;
  }

  /** Gives a placeholder its value. */
  public ScriptSource define(String name, Object value) {
    constants.put(name, String.valueOf(value));
    return this;
  }

  String className() {
    return className;
  }

  /**
   * @throws IllegalStateException when a placeholder was not defined
   */
  String text() {
    String header =
        """
        class %s(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          w : List[Tensor]
        """
            .formatted(className);
    return header
        + PLACEHOLDER
            .matcher(withoutComments(body.toString()))
            .replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
  }

  // The dialect is meant for machines: its lexer takes neither comments nor blank lines for
  // granted.
  private static String withoutComments(String text) {
    return text.lines()
        .filter(line -> !line.isBlank() && !line.stripLeading().startsWith("#"))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private String value(String name) {
    String value = constants.get(name);
    if (value == null) {
      throw new IllegalStateException("script " + className + " needs a value for " + name);
    }
    // A value may refer to others, as the product's expression does to the type.
    return PLACEHOLDER
        .matcher(value)
        .replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
  }
}
