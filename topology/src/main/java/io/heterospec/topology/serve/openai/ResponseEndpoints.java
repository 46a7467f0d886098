package io.heterospec.topology.serve.openai;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.ResponseStatus;
import io.heterospec.topology.gateway.Gateway;
import io.heterospec.topology.gateway.GatewayException;
import io.heterospec.topology.gateway.ResponseIds;
import io.heterospec.topology.serve.AccessGuard;
import io.heterospec.topology.serve.ApiError;
import io.heterospec.topology.serve.Endpoints;
import io.heterospec.topology.serve.StreamedBody;
import io.heterospec.topology.serve.TracedCalls;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/responses}, {@code GET /v1/responses/ID} and {@code POST
 * /v1/responses/ID/cancel}. With {@code background} the call returns at once and any gateway can
 * tell what became of it. With {@code Idempotency-Key} a call that comes again is the same call, to
 * whichever gateway and whatever became of its first connection: its text is only cancelled by
 * name. With {@code store} false a response cannot be fetched.
 *
 * @see <a href="https://platform.openai.com/docs/guides/background">OpenAI's background mode</a>
 */
public final class ResponseEndpoints implements Endpoints {
  private static final Logger LOG = LoggerFactory.getLogger(ResponseEndpoints.class);
  private static final String KEY = "Idempotency-Key";
  private static final int LONGEST_KEY = 255;

  private final PromptCalls calls;
  private final Gateway gateway;

  public ResponseEndpoints(PromptCalls calls) {
    this.calls = calls;
    this.gateway = calls.gateway();
  }

  @Override
  public void addTo(Javalin http) {
    http.post("/v1/responses", this::create);
    http.get("/v1/responses/{id}", this::get);
    http.post("/v1/responses/{id}/cancel", this::cancel);
  }

  private void create(Context ctx) throws IOException {
    JsonRequest request = calls.read(ctx);
    request.supports("stream", s -> !s.asBoolean(), "stream from /v1/chat/completions");
    request.supports("previous_response_id", p -> false, "use the header X-Session-Id");
    request.supports("conversation", c -> false, "use the header X-Session-Id");
    request.supports("text.format", PromptFields::isPlainText, "answers are plain text");
    request.supports("text.verbosity", PromptFields::isMedium, "ask for it in the prompt");
    request.supports("metadata", PromptFields::isNothing, "a response holds its text only");
    request.supports("include", PromptFields::isNothing, "a response holds its text only");
    request.supports("prompt", PromptFields::isNothing, "give the text as input");
    request.supports("max_tool_calls", m -> false, "no tools are called");
    request.supports(
        "truncation",
        t -> t.asText().equals("disabled"),
        "heterospec.session.overflow says what happens to long sessions");
    boolean background = request.flag("background");
    boolean awaited = !background && ctx.header(KEY) == null;
    boolean kept = !request.has("store") || request.flag("store");
    request.supports(
        "store", s -> kept || awaited, "what is fetched or asked for again later must be kept");
    String owner = AccessGuard.holder(ctx);
    String hash = ResponseIds.sha256(request.bytes());
    PromptEvent prompt = prompt(ctx, request, kept ? id(ctx, owner) : ResponseIds.unkept());
    String id = prompt.getRequestId();
    ctx.header("X-Request-Id", id);
    ctx.future(
        () -> {
          if (isKnown(id, owner)) {
            return answer(ctx, repeated(prompt, owner, hash, background));
          }
          try {
            return awaited
                ? whole(ctx, prompt, owner, hash)
                : answer(ctx, started(ctx, prompt, owner, hash, background));
          } catch (GatewayException e) {
            if (e.reason() == GatewayException.Reason.OPEN) { // by a call at the same moment
              return answer(ctx, repeated(prompt, owner, hash, background));
            }
            throw Errors.of(e);
          }
        });
  }

  private boolean isKnown(String id, String owner) {
    return gateway.generations().isOpen(id) || gateway.responses().known(id, owner).isPresent();
  }

  private static String id(Context ctx, String owner) {
    String key = ctx.header(KEY);
    if (key == null) {
      return ResponseIds.random();
    }
    if (key.isBlank() || key.length() > LONGEST_KEY) {
      throw ApiError.invalid(KEY, "%s must have 1 to %d characters".formatted(KEY, LONGEST_KEY));
    }
    return ResponseIds.of(owner, key);
  }

  private PromptEvent prompt(Context ctx, JsonRequest request, String id) {
    List<ChatMessage> messages = new ArrayList<>();
    if (request.has("instructions")) {
      messages.add(new ChatMessage("system", request.text("instructions", "")));
    }
    if (request.get("input").isTextual()) {
      messages.add(new ChatMessage("user", request.text("input", "")));
    } else {
      messages.addAll(Messages.read("input", request.get("input")));
    }
    String session = PromptFields.session(ctx);
    return calls
        .fields()
        .checked(
            calls
                .fields()
                .read(request, id, session, List.of("max_output_tokens"))
                .setMessages(messages)
                .setReplaceHistory(session != null));
  }

  private CompletableFuture<ResponseState> started(
      Context ctx, PromptEvent prompt, String owner, String hash, boolean background) {
    CompletableFuture<Optional<ResponseState>> sent =
        gateway.responses().start(prompt, owner, hash, TracedCalls.headers(ctx));
    return background
        ? sent.thenApply(found -> sameOrQueued(found, prompt, hash))
        : sent.thenCompose(found -> ended(found, prompt.getRequestId(), owner, hash));
  }

  // What is known of it so far tells at once whether it is another request's.
  private CompletableFuture<ResponseState> ended(
      Optional<ResponseState> known, String id, String owner, String hash) {
    known.ifPresent(found -> same(found, hash));
    return gateway
        .responses()
        .findEnded(id, owner)
        .thenApply(
            found -> {
              Errors.answer(same(found, hash).getCompletion());
              return found;
            });
  }

  private CompletableFuture<ResponseState> repeated(
      PromptEvent prompt, String owner, String hash, boolean background) {
    String id = prompt.getRequestId();
    return background
        ? gateway.responses().find(id, owner).thenApply(found -> sameOrQueued(found, prompt, hash))
        : gateway.responses().find(id, owner).thenCompose(f -> ended(f, id, owner, hash));
  }

  // What was published is queued, whether or not this gateway has read so already.
  private static ResponseState sameOrQueued(
      Optional<ResponseState> found, PromptEvent prompt, String hash) {
    return found
        .map(state -> same(state, hash))
        .orElseGet(() -> state(prompt, ResponseStatus.QUEUED, null));
  }

  private static ResponseState same(ResponseState state, String hash) {
    if (!state.getRequestHash().equals(hash)) {
      throw ApiError.of(
          422, "idempotency_key_reused", KEY + " was used for another request; choose a new one");
    }
    return state;
  }

  private CompletableFuture<Void> whole(
      Context ctx, PromptEvent prompt, String owner, String hash) {
    StreamedBody body = calls.body(ctx, prompt);
    WholeAnswer answer =
        PromptCalls.whole(
            body,
            completion -> ResponseFormat.of(state(prompt, ResponseStatus.COMPLETED, completion)));
    gateway.responses().start(prompt, owner, hash, TracedCalls.headers(ctx), answer);
    return body.done();
  }

  private static ResponseState state(
      PromptEvent prompt, ResponseStatus status, Completion completion) {
    return ResponseState.newBuilder()
        .setResponseId(prompt.getRequestId())
        .setModel(prompt.getModel())
        .setStatus(status)
        .setCreatedAt(prompt.getCreatedAt())
        .setCompletion(completion)
        .build();
  }

  private void get(Context ctx) {
    String id = ctx.pathParam("id");
    String owner = AccessGuard.holder(ctx);
    ctx.future(
        () -> answer(ctx, gateway.responses().find(id, owner).thenApply(s -> present(id, s))));
  }

  private void cancel(Context ctx) {
    String id = ctx.pathParam("id");
    String owner = AccessGuard.holder(ctx);
    ctx.future(
        () -> answer(ctx, gateway.responses().cancel(id, owner).thenApply(s -> present(id, s))));
  }

  private static ResponseState present(String id, Optional<ResponseState> state) {
    return state.orElseThrow(
        () ->
            ApiError.of(
                404,
                "response_not_found",
                "response '%s' is not known; it was never asked for, or long ago".formatted(id)));
  }

  private CompletableFuture<Void> answer(Context ctx, CompletableFuture<ResponseState> state) {
    StreamedBody body = calls.body(ctx);
    state.whenComplete(
        (found, failure) -> {
          if (failure == null) {
            byte[] json = ResponseFormat.of(found).toString().getBytes(StandardCharsets.UTF_8);
            body.write("application/json", json);
            body.finish();
          } else {
            body.refuse(error(failure));
          }
        });
    return body.done();
  }

  private static ApiError error(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof ApiError refusal) {
      return refusal;
    }
    if (cause instanceof GatewayException lost) {
      return Errors.of(lost);
    }
    LOG.warn("a response could not be handed to Kafka: {}", cause.toString());
    return ApiError.of(503, "unavailable", "Kafka cannot be reached; try again later");
  }
}
