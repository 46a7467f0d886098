package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.serve.AccessGuard;
import io.heterospec.topology.serve.ApiError;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What all kinds of requests have in common: model, sampling, session, and the fields {@code
 * top_k}, {@code ignore_eos}, {@code mode}, {@code priority} and {@code trace_tree}, which go
 * beyond OpenAI's API. As there, the temperature is 1 and every call has another seed unless the
 * request says otherwise.
 */
final class PromptFields {
  private static final String SESSION = "X-Session-Id";
  private static final int LONGEST_SESSION = 256;
  private static final List<String> TOKEN_LIMITS =
      List.of("max_tokens", "max_completion_tokens", "max_output_tokens");

  private final List<String> models;
  private final PromptRules rules;

  /**
   * @param models that are served; the first is the default
   */
  PromptFields(List<String> models, PromptRules rules) {
    this.models = models;
    this.rules = rules;
  }

  /**
   * The session a request continues; null without the header. Holders of different keys never share
   * one. OpenAI's {@code user} is no session: it names a person, whose conversations must not run
   * into each other.
   */
  static String session(Context ctx) {
    String session = ctx.header(SESSION);
    if (session == null) {
      return null;
    }
    if (session.isBlank() || session.length() > LONGEST_SESSION) {
      throw ApiError.invalid(
          SESSION, "%s must have 1 to %d characters".formatted(SESSION, LONGEST_SESSION));
    }
    String holder = AccessGuard.holder(ctx);
    return holder.isEmpty() ? session : holder + '/' + session;
  }

  /**
   * An event with everything but its messages or text.
   *
   * @param maxTokens names of the field that limits the tokens; the first that is given counts, and
   *     names that it has elsewhere are refused
   */
  PromptEvent.Builder read(JsonRequest request, String id, String session, List<String> maxTokens) {
    refuseUnsupported(request);
    for (String name : TOKEN_LIMITS) {
      request.supports(name, m -> maxTokens.contains(name), "use " + maxTokens.get(0));
    }
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setSessionId(session)
        .setModel(model(request))
        .setMode(request.text("mode", null))
        .setPriority(small(request, "priority", 0))
        .setTraceTree(request.flag("trace_tree"))
        .setSampling(sampling(request, maxTokens))
        .setCreatedAt(Instant.now());
  }

  private String model(JsonRequest request) {
    String model = request.text("model", models.get(0));
    if (!models.contains(model)) {
      throw ApiError.unknownModel(
          "model '%s' is not served here; use one of %s".formatted(model, models));
    }
    return model;
  }

  private static Sampling sampling(JsonRequest request, List<String> maxTokens) {
    Integer limit = null;
    for (String name : maxTokens) {
      if (limit == null && request.has(name)) {
        limit = small(request, name, 0);
      }
    }
    return Sampling.newBuilder()
        .setMaxTokens(limit)
        .setTemperature(request.number("temperature", 1))
        .setTopP(request.number("top_p", 1))
        .setTopK(small(request, "top_k", 0))
        .setSeed(request.integer("seed", ThreadLocalRandom.current().nextLong()))
        .setStop(request.texts("stop"))
        .setIgnoreEos(request.flag("ignore_eos"))
        .build();
  }

  private static int small(JsonRequest request, String name, int absent) {
    long value = request.integer(name, absent);
    if (value != (int) value) {
      throw ApiError.invalid(name, "%s is out of range, got %d".formatted(name, value));
    }
    return (int) value;
  }

  private static void refuseUnsupported(JsonRequest request) {
    String one = "one answer is generated per request";
    String text = "answers are plain text";
    String probabilities = "'heterospec score' gives log-probabilities";
    request.supports("n", n -> n.isIntegralNumber() && n.intValue() == 1, one);
    request.supports("best_of", n -> n.isIntegralNumber() && n.intValue() == 1, one);
    request.supports("tools", JsonNode::isEmpty, text);
    request.supports("functions", JsonNode::isEmpty, text);
    request.supports("response_format", PromptFields::isPlainText, text);
    request.supports("logprobs", l -> l.isBoolean() && !l.booleanValue(), probabilities);
    request.supports("top_logprobs", l -> l.isInt() && l.intValue() == 0, probabilities);
    request.supports("echo", e -> !e.asBoolean(), "the prompt is not repeated");
    request.supports("suffix", s -> s.asText().isEmpty(), "text is continued at its end only");
    String sampling = "use temperature, top_p, top_k";
    request.supports("logit_bias", JsonNode::isEmpty, sampling);
    request.supports("presence_penalty", p -> p.asDouble() == 0, sampling);
    request.supports("frequency_penalty", p -> p.asDouble() == 0, sampling);
    request.supports("repetition_penalty", p -> p.asDouble() == 1, sampling);
    request.supports("min_p", p -> p.asDouble() == 0, sampling);
    String reasoning = "an answer is all that the model says";
    request.supports("reasoning_effort", PromptFields::isNoEffort, reasoning);
    request.supports("reasoning.effort", PromptFields::isNoEffort, reasoning);
    request.supports("reasoning.summary", PromptFields::isNothing, reasoning);
    request.supports("verbosity", PromptFields::isMedium, "ask for it in the prompt");
  }

  private static boolean isNoEffort(JsonNode effort) {
    return effort.asText().equals("none");
  }

  /** Whether a verbosity is the one that is asked for by not naming it. */
  static boolean isMedium(JsonNode verbosity) {
    return verbosity.asText().equals("medium");
  }

  /** Whether a format asks for text without any form. */
  static boolean isPlainText(JsonNode format) {
    return isNothing(format) || format.path("type").asText().equals("text");
  }

  /** Whether a value says no more than its absence: an empty object, array or string. */
  static boolean isNothing(JsonNode value) {
    return value.isContainerNode()
        ? value.isEmpty()
        : value.isTextual() && value.asText().isEmpty();
  }

  /**
   * The finished event.
   *
   * @throws ApiError when the router would refuse it
   */
  PromptEvent checked(PromptEvent.Builder prompt) {
    PromptEvent event = prompt.build();
    try {
      rules.check(event);
    } catch (InvalidRequestException e) {
      throw e.code().equals(ErrorCodes.PROMPT_TOO_LONG)
          ? ApiError.of(400, "context_length_exceeded", e.getMessage())
          : ApiError.invalid(null, e.getMessage());
    }
    return event;
  }
}
