require "sinatra/base"

class Shop < Sinatra::Base
  autoload :Pages, File.join(__dir__, "lib", "pages")
  set :host_authorization, { permitted_hosts: [] }

  get("/") do
    @products = ["copper kettle", "wool blanket"]
    erb :index
  end

  get("/pages/:name") do
    content_type :text
    Pages.public_send(params[:name])
  end

  not_found { "ruby: no such page\n" }

  error { "ruby: #{env['sinatra.error'].message}\n" }
end
