package io.heterospec.processor.text;

import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** The global functions that Hugging Face gives to chat templates. */
public final class TemplateFunctions {
  /** Variable that holds the moment of the rendering. */
  static final String NOW = "heterospec_now";

  private TemplateFunctions() {}

  static List<ELFunctionDefinition> all() {
    return List.of(
        new ELFunctionDefinition(
            "", "raise_exception", TemplateFunctions.class, "raiseException", String.class),
        new ELFunctionDefinition(
            "", "strftime_now", TemplateFunctions.class, "strftimeNow", String.class));
  }

  /** A template's own refusal of a conversation. */
  static final class TemplateRefusal extends InterpretException {
    private static final long serialVersionUID = 1L;

    TemplateRefusal(String message) {
      super(message);
    }
  }

  /** Ends the rendering with the template author's message. */
  public static Object raiseException(String message) {
    throw new TemplateRefusal(message);
  }

  /** The moment of the rendering in Python's {@code strftime} notation. */
  public static String strftimeNow(String format) {
    ZonedDateTime now = (ZonedDateTime) JinjavaInterpreter.getCurrent().getContext().get(NOW);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      i++;
      boolean unpadded = format.charAt(i) == '-' && i + 1 < format.length();
      if (unpadded) {
        i++;
      }
      String value = field(now, format.charAt(i));
      out.append(unpadded ? value.replaceFirst("^0(?=.)", "") : value);
    }
    return out.toString();
  }

  private static String field(ZonedDateTime now, char directive) {
    String pattern =
        switch (directive) {
          case 'd' -> "dd";
          case 'm' -> "MM";
          case 'Y' -> "yyyy";
          case 'y' -> "yy";
          case 'b' -> "MMM";
          case 'B' -> "MMMM";
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case 'Z' -> "zzz";
          case 'z' -> "xx";
          case '%' -> "'%'";
          default -> throw new TemplateRefusal("strftime_now does not know %" + directive);
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now);
  }
}
