package io.heterospec.topology.serve;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Requests that a proper client would not send. */
final class RawHttp {
  private static final int MOST_READ = 4096;

  private RawHttp() {}

  /** A connection whose reader can be slow, or leave. */
  static Socket open(String url, String request) throws IOException {
    URI server = URI.create(url);
    Socket socket = new Socket();
    socket.setReceiveBufferSize(MOST_READ);
    socket.connect(new java.net.InetSocketAddress(server.getHost(), server.getPort()));
    socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  /** The beginning of the answer. */
  static String send(String url, String request) throws IOException {
    try (Socket socket = open(url, request)) {
      byte[] answer = new byte[MOST_READ];
      int read = socket.getInputStream().read(answer);
      return new String(answer, 0, Math.max(0, read), StandardCharsets.UTF_8);
    }
  }

  /** A request with a JSON body. */
  static String post(String path, String body) {
    return "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(path, body.getBytes(StandardCharsets.UTF_8).length, body);
  }
}
