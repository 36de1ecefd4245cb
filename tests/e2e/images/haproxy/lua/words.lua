local words = {}

function words.title(text)
  return (text:gsub("%f[%a]%a", string.upper))
end

return words
