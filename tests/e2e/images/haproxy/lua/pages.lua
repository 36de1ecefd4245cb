local function answer(applet, text)
  applet:set_status(200)
  applet:add_header("content-type", "text/plain")
  applet:add_header("content-length", #text)
  applet:start_response()
  applet:send(text)
end

core.register_service("hello", "http", function(applet)
  answer(applet, "haproxy: hello from Lua\n")
end)

core.register_service("words", "http", function(applet)
  answer(applet, require("words").title("copper kettle") .. "\n")
end)
