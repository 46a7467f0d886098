package io.heterospec.topology.serve;

import io.javalin.http.Context;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.server.Request;

/**
 * A response body that is written as it comes, without a thread that waits for its reader. What the
 * reader has not taken is kept up to a bound; beyond it the connection is cut. To be made in the
 * supplier of {@link Context#future}, whose result {@link #done} is. Thread-safe.
 */
public final class StreamedBody implements WriteListener {
  private enum State {
    /** Neither status nor headers were sent; the request can still be refused. */
    UNSENT,
    OPEN,
    /** All was written; the reader has not taken all. */
    FINISHING,
    OVER,
    /** The reader is gone or was too slow. */
    CUT
  }

  private final HttpServletResponse response;
  private final Request connection;
  private final int maxUnread;
  private final Runnable onGone;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Deque<byte[]> unread = new ArrayDeque<>();
  private State state = State.UNSENT;
  private ServletOutputStream out;
  private int unreadBytes;
  private boolean writable; // the container has called for the first time
  private boolean unflushed;

  /**
   * @param maxUnread most bytes that wait for the reader
   * @param onGone called once when the reader is gone or too slow
   */
  public StreamedBody(Context ctx, int maxUnread, Runnable onGone) {
    this.response = ctx.res();
    this.connection = Request.getBaseRequest(ctx.req());
    this.maxUnread = maxUnread;
    this.onGone = onGone;
  }

  /** Completes when the reader has all, or is gone; or with the refusal. */
  public CompletableFuture<Void> done() {
    return done;
  }

  /** Refuses the request; false when it is too late for that. */
  public boolean refuse(RuntimeException reason) {
    synchronized (this) {
      if (state != State.UNSENT) {
        return false;
      }
      state = State.OVER;
    }
    done.completeExceptionally(reason);
    return true;
  }

  /** Adds to the body; the first call sends status 200 and the content type. */
  public void write(String contentType, byte[] bytes) {
    settle(
        () -> {
          if (state == State.UNSENT) {
            open(contentType);
          }
          if (state != State.OPEN) {
            return;
          }
          if (unreadBytes > 0 && unreadBytes + bytes.length > maxUnread) {
            cut("its reader is too slow");
            return;
          }
          unread.add(bytes);
          unreadBytes += bytes.length;
          pump();
        });
  }

  /** Ends the body once the reader has taken what was written. */
  public void finish() {
    settle(
        () -> {
          if (state == State.OPEN) {
            state = State.FINISHING;
            pump();
          }
        });
  }

  /** Notices a reader that left before anything was sent. */
  public void checkReader() {
    settle(
        () -> {
          if (state == State.UNSENT && ReaderProbe.isGone(connection.getHttpChannel())) {
            cut("its reader is gone");
          }
        });
  }

  private void open(String contentType) throws IOException {
    response.setStatus(HttpServletResponse.SC_OK);
    response.setContentType(contentType);
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Accel-Buffering", "no"); // proxies must not wait for more
    out = response.getOutputStream();
    state = State.OPEN;
    out.setWriteListener(this);
  }

  // isReady() must be asked before each write or flush; when it says no, the container calls back.
  private void pump() throws IOException {
    while (writable && out.isReady()) {
      byte[] next = unread.poll();
      if (next != null) {
        unreadBytes -= next.length;
        out.write(next);
        unflushed = true;
      } else if (unflushed) {
        unflushed = false;
        out.flush();
      } else {
        if (state == State.FINISHING) {
          state = State.OVER;
        }
        return;
      }
    }
  }

  private void cut(String reason) {
    state = State.CUT;
    unread.clear();
    unreadBytes = 0;
    connection.getHttpChannel().abort(new IOException(reason));
  }

  @Override
  public void onWritePossible() {
    settle(
        () -> {
          writable = true;
          pump();
        });
  }

  @Override
  public void onError(Throwable failure) {
    settle(() -> cut("its reader is gone"));
  }

  private interface Step {
    void run() throws IOException;
  }

  // Others are told outside the lock: they may call back.
  private void settle(Step step) {
    State reached;
    synchronized (this) {
      if (state == State.OVER || state == State.CUT) {
        return;
      }
      try {
        step.run();
      } catch (IOException | IllegalStateException e) { // the latter of an output that was closed
        cut("its reader is gone");
      }
      reached = state;
    }
    if (reached == State.CUT) {
      onGone.run();
    }
    if (reached == State.CUT || reached == State.OVER) {
      done.complete(null);
    }
  }
}
