package io.heterospec.processor.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.interpret.TemplateError.ErrorReason;
import com.hubspot.jinjava.interpret.TemplateError.ErrorType;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jinjava.javax.el.CompositeELResolver;

/**
 * A model's chat template, rendered as Hugging Face's {@code apply_chat_template} does: blocks
 * trimmed, functions {@code raise_exception} and {@code strftime_now}, no access to Java. Content
 * is data, never template source. Safe for use by many threads.
 */
final class ChatTemplate {
  private static final long MAX_OUTPUT_BYTES = 64L << 20;

  private final String source;
  private final String bosToken;
  private final String eosToken;
  private final Jinjava engine;

  ChatTemplate(String source, String bosToken, String eosToken) {
    this.source = JinjaDialect.adapt(source);
    this.bosToken = bosToken;
    this.eosToken = eosToken;
    this.engine = engine();
  }

  private static Jinjava engine() {
    CompositeELResolver resolver = new CompositeELResolver();
    resolver.add(new PythonMethods());
    resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
    Jinjava engine =
        new Jinjava(
            JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withLegacyOverrides(likeJinja())
                .withNestedInterpretationEnabled(false)
                .withMaxOutputSize(MAX_OUTPUT_BYTES)
                .withElResolver(resolver)
                .build());
    TemplateFunctions.all().forEach(engine::registerFunction);
    return engine;
  }

  // All of Jinja's rules except the one that would require "{{ x" and refuse "{{- x".
  private static LegacyOverrides likeJinja() {
    return LegacyOverrides.Builder.from(LegacyOverrides.ALL)
        .withWhitespaceRequiredWithinTokens(false)
        .build();
  }

  String source() {
    return source;
  }

  /**
   * The conversation as the model was trained to see it.
   *
   * @throws IllegalArgumentException when the template refuses it or cannot be rendered; the
   *     message never contains the conversation
   */
  String render(List<ChatMessage> messages, boolean addGenerationPrompt, ZonedDateTime now) {
    Map<String, Object> bindings = new HashMap<>();
    bindings.put("messages", messages.stream().map(ChatTemplate::asMap).toList());
    bindings.put("add_generation_prompt", addGenerationPrompt);
    bindings.put("bos_token", bosToken == null ? "" : bosToken);
    bindings.put("eos_token", eosToken == null ? "" : eosToken);
    bindings.put(TemplateFunctions.NOW, now);
    // Templates ask "is defined" before they call it.
    bindings.put("strftime_now", true);
    RenderResult result = engine.renderForResult(source, bindings);
    for (TemplateError error : result.getErrors()) {
      // Unknown variables are warnings too, and empty as in Jinja; a tag that was not understood is
      // a warning whose output would be wrong.
      if (error.getSeverity() == ErrorType.FATAL || error.getReason() == ErrorReason.SYNTAX_ERROR) {
        throw failure(error);
      }
    }
    return result.getOutput();
  }

  private static Map<String, Object> asMap(ChatMessage message) {
    return Map.of("role", message.role(), "content", message.content());
  }

  private static IllegalArgumentException failure(TemplateError error) {
    for (Throwable t = error.getException(); t != null; t = t.getCause()) {
      if (t instanceof TemplateFunctions.TemplateRefusal) {
        return new IllegalArgumentException(
            "the model's chat template refuses the messages: " + t.getMessage());
      }
    }
    return new IllegalArgumentException(
        "the model's chat template cannot be rendered (%s, line %d); send raw text instead"
            .formatted(error.getReason(), error.getLineno()));
  }
}
