package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.gateway.Gateway;
import io.heterospec.topology.gateway.GatewayException;
import io.heterospec.topology.gateway.GenerationObserver;
import io.heterospec.topology.serve.ApiError;
import io.heterospec.topology.serve.Endpoints;
import io.heterospec.topology.serve.StreamedBody;
import io.heterospec.topology.serve.TracedCalls;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * {@code POST /v1/chat/completions} and {@code /v1/completions}: a prompt event each, answered from
 * the topics.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/chat">OpenAI's API</a>
 */
public final class CompletionEndpoints implements Endpoints {
  private final PromptCalls calls;

  public CompletionEndpoints(PromptCalls calls) {
    this.calls = calls;
  }

  @Override
  public void addTo(Javalin http) {
    http.post("/v1/chat/completions", this::chat);
    http.post("/v1/completions", this::text);
  }

  private void chat(Context ctx) throws IOException {
    JsonRequest request = calls.read(ctx);
    String text = "answers are plain text";
    request.supports("modalities", CompletionEndpoints::isTextOnly, text);
    request.supports("audio", PromptFields::isNothing, text);
    // An empty object asks for a search, too.
    request.supports("web_search_options", w -> false, "nothing is looked up");
    String id = UUID.randomUUID().toString();
    String session = PromptFields.session(ctx);
    List<ChatMessage> messages = Messages.read("messages", request.get("messages"));
    PromptEvent prompt =
        calls
            .fields()
            .checked(
                calls
                    .fields()
                    .read(request, id, session, List.of("max_completion_tokens", "max_tokens"))
                    .setMessages(messages)
                    .setReplaceHistory(session != null));
    long created = prompt.getCreatedAt().getEpochSecond();
    answer(ctx, request, prompt, new ChatFormat(id, prompt.getModel(), created));
  }

  private static boolean isTextOnly(JsonNode modalities) {
    return PromptFields.isNothing(modalities)
        || modalities.size() == 1 && modalities.path(0).asText().equals("text");
  }

  private void text(Context ctx) throws IOException {
    JsonRequest request = calls.read(ctx);
    String id = UUID.randomUUID().toString();
    List<String> texts = request.texts("prompt");
    if (texts.size() != 1) {
      throw ApiError.invalid("prompt", "prompt must be one text");
    }
    PromptEvent prompt =
        calls
            .fields()
            .checked(
                calls
                    .fields()
                    .read(request, id, PromptFields.session(ctx), List.of("max_tokens"))
                    .setText(texts.get(0)));
    long created = prompt.getCreatedAt().getEpochSecond();
    answer(ctx, request, prompt, new TextFormat(id, prompt.getModel(), created));
  }

  private void answer(Context ctx, JsonRequest request, PromptEvent prompt, AnswerFormat format) {
    boolean stream = request.flag("stream");
    boolean usage = request.get("stream_options").path("include_usage").asBoolean();
    ctx.header("X-Request-Id", prompt.getRequestId());
    ctx.future(() -> start(ctx, prompt, format, stream, usage));
  }

  private CompletableFuture<Void> start(
      Context ctx, PromptEvent prompt, AnswerFormat format, boolean stream, boolean usage) {
    StreamedBody body = calls.body(ctx, prompt);
    GenerationObserver observer =
        stream ? new EventStream(body, format, usage) : PromptCalls.whole(body, format::whole);
    Gateway gateway = calls.gateway();
    try {
      gateway.generations().start(prompt, TracedCalls.headers(ctx), observer, gateway.timeout());
    } catch (GatewayException e) {
      throw Errors.of(e);
    }
    return body.done();
  }
}
